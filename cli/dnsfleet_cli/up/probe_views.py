"""What probers are told of the Pops that run here (see `dnsfleet.probing.lists`)."""

from collections.abc import Iterable, Mapping

from dnsfleet.probing.lists import ProbedPop
from dnsfleet.replication.acks import Ack, answered, exceptions
from dnsfleet.replication.sums import Positions
from dnsfleet_io.tcp_connections import Address

from dnsfleet_cli.up.pops import RunningPop


def probed(
    running: Iterable[RunningPop], drained: Iterable[str], acks: Mapping[str, Ack], at: Positions
) -> list[ProbedPop]:
    """Where Pops answer, and what their edges prove by these acks; `drained` ones have none."""
    found = [ProbedPop(name, (), drained=True) for name in drained]
    for pop in running:
        ack, addresses = acks.get(pop.name), tuple(map(Address.parse, pop.addresses))
        if ack is None:
            found.append(ProbedPop(pop.name, addresses))
        else:
            named = tuple(exceptions(ack))
            found.append(ProbedPop(pop.name, addresses, False, answered(ack, at), named))
    return sorted(found)
