"""`kubectl dnsfleet tsig create` where a part of it cannot be made."""

import pytest
import typer.testing
from dnsfleet_cli.kubectl import main
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import RefusedTrouble


def test_half_a_key_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As for somebody who may make TsigKeys and no Secrets; the next try finds the TsigKey."""
    made: list[str] = []

    def create(_self: Cluster, item: Object) -> bool:
        made.append(item["kind"])
        return True

    def create_secret(_self: Cluster, _secret: Object) -> bool:
        raise RefusedTrouble("cannot create secret dns/sec-1: secrets is forbidden")

    monkeypatch.setattr(Cluster, "__init__", lambda *_: None)
    monkeypatch.setattr(Cluster, "create", create)
    monkeypatch.setattr(Cluster, "create_secret", create_secret)
    ended = typer.testing.CliRunner().invoke(
        main.app, ["tsig", "create", "sec-1", "--zone", "example.com", "-n", "dns"]
    )
    assert (ended.exit_code, ended.stdout, made) == (2, "", ["TsigKey"])
    assert "secrets is forbidden" in ended.stderr
    assert "kubectl delete tsigkey sec-1 --namespace dns" in ended.stderr
