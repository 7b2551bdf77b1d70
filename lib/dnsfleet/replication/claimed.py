"""What may be taken over from words that nobody signed: texts and numbers with bounds.

Acks and reports go from here into statuses, events, logs and terminals, again and again. So they
are bounded and cleaned once, where they are read, whoever wrote them.
"""

MAX_COUNT = 2**53
"""The largest number: a JSON number that every reader has exactly. As a count of queries it is a
million a second for 285 years, as a time 285,000 years."""


def text(value: object, most: int) -> str:
    """A text of so many characters at most, as it can stand in a line: the rest is escaped."""
    said = str(value)[:most]
    if said.isprintable():
        return said
    shown = (each if each.isprintable() else _escaped(each) for each in said)
    return "".join(shown)[:most]


def count(value: object) -> int:
    """A number from 0 to MAX_COUNT; ValueError for anything else."""
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise ValueError(f"{value!r:.40} is not a count")
    return value


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
