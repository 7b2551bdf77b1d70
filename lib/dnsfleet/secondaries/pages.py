"""What a gate tells of its secondaries, a page at a time: what changed after a position.

    reader: after 0 ──▶ gate: rows 1 … 2000, position 2000, more
    reader: after 2000 ──▶ rows 2001 … 2010, position 2010
    reader: after 2010 ──▶ nothing, position 2010          while nothing changes

Each answer of a secondary that differs from the one before has a position of its own, so a page
costs what changed. A gate that starts again counts anew, which its instance tells: then a reader
begins at 0. What a gate does not ask for any more is left out; who reads knows by itself which
secondaries a zone has.
"""

from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dnsfleet import names
from dnsfleet.secondaries.answers import MAX_PROBLEM, Answer, Kind, Pair
from dnsfleet.tsig_keys import Target

MAX_ROWS = 2000
"""Of one page: about 200 KiB."""
MAX_OCTETS = 4 * 1024**2
"""Of a page with as many rows, of the longest names and texts."""
_MAX_SERIAL = 2**32 - 1


def _address(text: str) -> str:
    return str(ip_address(text))


Row = tuple[
    Annotated[str, Field(min_length=1, max_length=names.MAX_TEXT)],
    Annotated[str, Field(max_length=64), AfterValidator(_address)],
    Annotated[int, Field(ge=1, le=65535)],
    Kind,
    Annotated[int, Field(ge=0, le=_MAX_SERIAL)],
    Annotated[str, Field(max_length=MAX_PROBLEM)],
]
"""Origin, address, port, and the three fields of an answer."""


class Page(BaseModel):
    """A part of what one gate tells."""

    model_config = ConfigDict(frozen=True, strict=True)

    instance: Annotated[str, Field(min_length=1, max_length=64)]
    """Another one after each start of the gate."""
    position: Annotated[int, Field(ge=0)]
    """Of the last row."""
    more: bool
    """Whether there are rows behind it."""
    rows: Annotated[list[Row], Field(max_length=MAX_ROWS)]

    @property
    def answers(self) -> dict[Pair, Answer]:
        """The rows."""
        return {
            Pair(origin, Target(address, port)): Answer(kind, serial, problem)
            for origin, address, port, kind, serial, problem in self.rows
        }


def row(pair: Pair, answer: Answer) -> Row:
    """One row of a page."""
    target = pair.target
    return (pair.origin, target.address, target.port, *answer)


def decode(text: bytes) -> Page:
    """The page in a JSON text; ValueError where it is none."""
    if len(text) > MAX_OCTETS:
        raise ValueError(f"a page of more than {MAX_OCTETS} octets")
    return Page.model_validate_json(text)
