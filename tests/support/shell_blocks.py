"""The commands of a page of the documentation, as they stand there."""

import re
from pathlib import Path


def under(page: Path, heading: str) -> list[str]:
    """The `sh` blocks under a heading of the second level; AssertionError where there are none."""
    sections = re.split(r"^## ", page.read_text(), flags=re.MULTILINE)
    found = [each for each in sections if each.partition("\n")[0] == heading]
    blocks = [block for each in found for block in re.findall(r"```sh\n(.*?)```", each, re.DOTALL)]
    assert blocks, f"{page.name} has no commands under {heading!r}"
    return blocks
