"""All the ways in which clients ask, at once: UDP from kept ports and from new ones, and TCP."""

import contextlib
from collections.abc import Iterator

from cluster.namespaces import Node

from support import probe_fleets
from support.oracle import Oracle, Verdict
from support.probe_fleets import PROBE, Server
from support.tcp_oracle import TcpOracle


class Askers:
    """All of them, by what tells one from another."""

    def __init__(self, named: dict[str, Oracle | TcpOracle]) -> None:
        self._named = named

    def publishing(self, counter: int) -> None:
        """Called before the change is made: `counter` may be answered from now on."""
        for each in self._named.values():
            each.publishing(counter)

    def seen_everywhere(self, counter: int) -> bool:
        """Whether every server has answered `counter` or a later one, to each of them."""
        return all(each.seen_everywhere(counter) for each in self._named.values())

    @property
    def faults(self) -> list[str]:
        """What was lost or wrong, one line each; empty when nothing was."""
        return [fault for each in self._named.values() for fault in each.faults]

    @property
    def verdicts(self) -> list[Verdict]:
        """Of each server, by each of them."""
        return [verdict for each in self._named.values() for verdict in each.verdicts.values()]

    def told(self) -> str:
        """How many queries there were, a line for each way."""
        return "\n".join(
            f"{name}: {_counts(list(each.verdicts.values()))}" for name, each in self._named.items()
        )


@contextlib.contextmanager
def asking(
    node: Node,
    servers: list[Server],
    rate: int,
    tcp_rate: float,
    *,
    published: int,
    behind_seconds: float,
) -> Iterator[Askers]:
    """Ask these servers, each of which may be several edges, so many queries a second.

    `rate` is over all servers for each kind of UDP ports, `tcp_rate` for each kind of connection to
    a server. A query of UDP is sent once more where no reply comes, as resolvers do.
    """

    def udp(new_ports: bool) -> contextlib.AbstractContextManager[Oracle]:
        return probe_fleets.watching(
            node,
            servers,
            rate,
            published=published,
            retries=1,
            new_ports=new_ports,
            behind_seconds=behind_seconds,
        )

    with contextlib.ExitStack() as stack:
        kept, new = stack.enter_context(udp(False)), stack.enter_context(udp(True))
        with node.on_client():
            tcp = TcpOracle(servers, PROBE, tcp_rate, published, behind_seconds)
            stack.enter_context(tcp)
        yield Askers({"UDP from kept ports": kept, "UDP from new ports": new, "TCP": tcp})


def _counts(verdicts: list[Verdict]) -> str:
    asked, retried = sum(each.asked for each in verdicts), sum(each.retried for each in verdicts)
    lost, wrong = sum(each.lost for each in verdicts), sum(each.wrong for each in verdicts)
    return f"{asked} queries, {retried} of them asked again, {lost} lost, {wrong} wrong"
