"""What a gate tells of its secondaries, a page at a time: what changed after a position.

    reader: after 0 ──▶ gate: rows 1 … 2000, position 2000, more
    reader: after 2000 ──▶ rows 2001 … 2010, position 2010
    reader: after 2010 ──▶ nothing, position 2010          while nothing changes

Each answer of a secondary that differs from the one before has a position of its own, so a page
costs what changed. A gate that starts again counts anew, which its instance tells: then a reader
begins at 0. What a gate does not ask for any more is left out; who reads knows by itself which
secondaries a zone has.

A page also tells to which secondaries questions wait for their turn (see `standings`).
"""

from collections.abc import Iterable
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
MAX_LAGS = 1000
"""Secondaries to which questions wait, in a page."""
_MAX_LAG = 24 * 3600.0


def _address(text: str) -> str:
    return str(ip_address(text))


_Address = Annotated[str, Field(max_length=64), AfterValidator(_address)]
_Port = Annotated[int, Field(ge=1, le=65535)]
Row = tuple[
    Annotated[str, Field(min_length=1, max_length=names.MAX_TEXT)],
    _Address,
    _Port,
    Kind,
    Annotated[int, Field(ge=0, le=_MAX_SERIAL)],
    Annotated[str, Field(max_length=MAX_PROBLEM)],
]
"""Origin, address, port, and the three fields of an answer."""
Lag = tuple[_Address, _Port, Annotated[float, Field(ge=0, le=_MAX_LAG)]]
"""Address, port, seconds."""


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
    lags: Annotated[list[Lag], Field(max_length=MAX_LAGS)] = []
    """For how long questions wait; those of others do not."""

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


def lags(seconds: Iterable[tuple[Target, float]]) -> list[Lag]:
    """Those of secondaries to which questions wait, the longest first."""
    found = [(target.address, target.port, min(each, _MAX_LAG)) for target, each in seconds if each]
    return sorted(found, key=lambda each: -each[2])[:MAX_LAGS]


def decode(text: bytes) -> Page:
    """The page in a JSON text; ValueError where it is none."""
    if len(text) > MAX_OCTETS:
        raise ValueError(f"a page of more than {MAX_OCTETS} octets")
    return Page.model_validate_json(text)
