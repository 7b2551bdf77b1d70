"""Which Pops a prober asks.

Every Pop has a prober, so the list of Pops is the list of probers, and each works out its own
targets without a word to the others (rendezvous hashing, see `rings`). A Pop that comes or goes
changes the targets of a prober only by what that Pop took or had.
"""

from collections.abc import Sequence

from dnsfleet import rings
from dnsfleet.probing.lists import ProbedPop

PROBERS = 3
"""Probers that ask a Pop: two of three tell whether the Pop is wrong or the way of one prober."""
EVERYWHERE = "-"
"""The place of a prober that is in no Pop; no Pop has that name."""


def probers(pop: str, pops: Sequence[str]) -> list[str]:
    """Those that ask a Pop, of these Pops. Only one that is alone asks itself."""
    others = [each for each in pops if each != pop]
    return rings.owners(pop, others or pops, PROBERS)


def targets(place: str, pops: Sequence[ProbedPop]) -> list[ProbedPop]:
    """The Pops in service that the prober of a place asks.

    One that is in no Pop, as beside the core or on somebody's desk, asks all of them.
    """
    names = [pop.name for pop in pops]
    return [
        pop
        for pop in pops
        if not pop.drained and (place not in names or place in probers(pop.name, names))
    ]
