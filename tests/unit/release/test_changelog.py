"""What is read of CHANGELOG.md, and what is refused."""

from pathlib import Path

import pytest

from release import changelog, source
from release.changelog import Change

GOOD = """# Changes

## 0.2.0 - 2026-12-24

### Added

- One thing,
  told in two lines.
- Another.

### Security

- A hole is closed.

## 0.1.0

### Fixed

- Something.
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "CHANGELOG.md"


def test_a_version_has_its_own_entries(path: Path) -> None:
    path.write_text(GOOD)
    assert changelog.changes(path, "0.2.0") == [
        Change("added", "One thing, told in two lines."),
        Change("added", "Another."),
        Change("security", "A hole is closed."),
    ]
    assert changelog.changes(path, "0.1.0") == [Change("fixed", "Something.")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# Changes\n", "needs one heading `## 0.2.0`, has 0"),
        (GOOD + GOOD, "needs one heading `## 0.2.0`, has 2"),
        ("## 0.2.0\n\nProse.\n", "no change is told of in 0.2.0"),
        ("## 0.2.0\n- x\n", "below no heading"),
        ("## 0.2.0\n### News\n- x\n", "a heading is one of added, changed"),
        ("## 0.2.01\n### Added\n- x\n", "has 0"),
    ],
)
def test_a_file_that_tells_nothing_is_refused(path: Path, text: str, message: str) -> None:
    path.write_text(text)
    with pytest.raises(source.ReleaseError, match=message):
        changelog.changes(path, "0.2.0")
