"""What happens to the key that signs: the third part of the rules.

A rotation goes on with the looks of the writer, as far as the edges have come. Every edge learns
the keys on its own, sooner or later, as the file of its ConfigMap changes.
"""

from dnsfleet_publisher import key_secrets
from hypothesis import strategies as st
from hypothesis.stateful import rule

from support.fleet_models.edge_rules import EDGE, EdgeRules
from support.fleet_models.fleets import POPS


class FleetRules(EdgeRules):
    """A whole fleet."""

    def __init__(self) -> None:
        super().__init__()
        self.backup = self.fleet.writer.keys
        """Of the Secret, made before any rotation."""

    @rule()
    def ask_for_a_rotation(self) -> None:
        self.fleet.writer.asked = True

    @rule(number=EDGE)
    def tell_an_edge_the_keys(self, number: int) -> None:
        self.fleet.edges[number].tell(self.fleet.told)

    @rule(rounds=st.integers(1, 3))
    def rotate(self, rounds: int) -> None:
        """All goes well until it has begun, until the next key signs, or to the end."""
        self.ask_for_a_rotation()
        for _ in range(rounds):
            self.fleet.look()
            self.fleet.tell_the_keys()
            self.follow(POPS, True)

    @rule(backup=st.booleans(), then=st.booleans())
    def replace_the_key(self, backup: bool, then: bool) -> None:
        """The Secret is lost; it is made anew, or an old backup of it is put back."""
        self.fleet.writer.keys = self.backup if backup else key_secrets.make()
        self._go_on(True, then)
