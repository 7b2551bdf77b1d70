"""What `--help` shows: each file in `help` is that of a command."""

import pytest
from support import help_texts

COMMANDS = list(help_texts.commands())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_it_is_shown_as_before(words: tuple[str, ...]) -> None:
    kept = help_texts.file(words).read_text()
    told = "after a change that is meant: PYTHONPATH=tests python -m support.help_texts"
    assert help_texts.shown(words) == kept, told


def test_every_command_has_one() -> None:
    kept = {each.name for each in help_texts.FOLDER.iterdir()}
    assert kept == {help_texts.file(words).name for words in COMMANDS}
