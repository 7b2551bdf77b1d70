"""What people are told who have a Pop leave: the commands are whole, and end what is there."""

import pytest
from dnsfleet_cli.kubectl import command_line, leaving, main
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.kubectl.verdicts import REFUSALS
from dnsfleet_cli.troubles import NEGATIVE
from dnsfleet_operator.pops import planning
from dnsfleet_operator.pops.setting import Setting
from support import yaml_resources
from support.installations import CONFIGURATION
from typer.testing import CliRunner

(REFUSED,) = REFUSALS


def test_the_kinds_are_those_of_the_objects_of_a_pop() -> None:
    kinds = {
        each["kind"].lower()
        for exposure in ("Service", "HostNetwork")
        for each in planning.desired(exposed(exposure))
    }
    assert kinds == set(leaving.KINDS.split(","))


def exposed(exposure: str) -> Setting:
    """A Pop that clients reach in this way."""
    pop = yaml_resources.pop(f"edge: {{exposure: {exposure}, nodeSelector: {{dns: 'yes'}}}}")
    return Setting(pop, CONFIGURATION, "PEM", drained=False)


def test_it_says_what_was_done_and_what_was_not() -> None:
    told = leaving.done("ams", "dns", drained=True)
    assert "its edges there were drained" in told
    assert "helm uninstall dnsfleet --namespace dns" in told
    assert "--selector dnsfleet.io/pop=ams" in told
    assert "its edges there answer on" in leaving.done("ams", "dns", drained=False)
    for text in (leaving.stopped("ams"), leaving.not_ended("ams", 60.0)):
        assert text.startswith("pop/ams")


class LastPop:
    """A cluster whose operator refuses to drain its one Pop, which nobody may delete."""

    pop = {  # noqa: RUF012 - nothing changes it
        "metadata": {"name": "ams", "annotations": {"dnsfleet.io/drain": "true"}},
        "spec": {"cluster": "agent"},
        "status": {"conditions": [{"type": "Drained", "status": "False", "reason": REFUSED}]},
    }

    def pops(self) -> list[Object]:
        return [self.pop]

    def secrets(self, *_: object) -> list[Object]:
        return [{"metadata": {"name": "dnsfleet-keys", "namespace": "dns"}}]


def test_a_pop_that_may_not_be_drained_has_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "Cluster", lambda *_: LastPop())
    ended = CliRunner().invoke(main.app, ["pop", "leave", "ams"])
    assert ended.exit_code == NEGATIVE
    assert leaving.stopped("ams") in ended.stdout
