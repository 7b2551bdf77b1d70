"""A part of the proof that passes give what one look at everything gives: what is wanted where."""

from collections.abc import Iterator, Mapping, Set

from dnsfleet_publisher import proofs
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.placement import placement
from dnsfleet_publisher.publishing import Desired

from dnsfleet_operator.zones.placements import Selections


def misplaced(
    live: Set[str],
    desired: Mapping[str, Desired],
    removed: Set[str],
    assembler: Assembler,
    selections: Selections,
) -> Iterator[str | None]:
    """Origins that are live and not wanted, or not wanted at all Pops that are selected.

    None ends each part. Those that are about to be `removed`, or were marked since the proof began,
    are not looked at.
    """
    for number, origin in enumerate(live | desired.keys()):
        if number % proofs.PART == 0:
            yield None
        want, built = desired.get(origin), assembler.zones.get(origin)
        if origin in assembler.marks.heard or origin in removed:
            continue
        if want is None:
            yield origin
        elif built is not None:
            chosen = placement(built.resource, selections.pops)
            if chosen is None or want.pops is None:
                right = chosen == want.pops
            else:
                right = set(chosen) <= set(want.pops)  # others may linger
            if not right:
                yield origin
