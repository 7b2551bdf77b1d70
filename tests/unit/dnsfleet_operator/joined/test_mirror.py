"""The Pop object of a cluster that joined: what is taken of a spec, and when it is written."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import pop_specs, public_keys
from dnsfleet.replication.pop_specs import SignedPop
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.joined import mirror
from dnsfleet_operator.joined.mirror import Held

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = [KEY.public_key()]
SPEC = {"edge": {"shards": 4}}
SIGNED = SignedPop("fra", Revision(7, 2), 3, SPEC, public_keys.to_pem(PUBLIC))


def held(signed: SignedPop = SIGNED) -> Held:
    return mirror.verified(pop_specs.sign(signed, KEY), "fra", PUBLIC)


@pytest.mark.parametrize(
    ("spec", "known", "ignored", "problem"),
    [
        ({}, {}, (), ""),
        (SPEC, SPEC, (), ""),
        ({"cluster": "agent", **SPEC}, SPEC, (), ""),
        ({"later": [{"a": 1}]}, {}, ("spec.later",), ""),
        (
            {"later": 1, "edge": {"shards": 4, "more": 1, "resources": {"claims": []}}},
            {"edge": {"shards": 4, "resources": {}}},
            ("spec.edge.more", "spec.edge.resources.claims", "spec.later"),
            "",
        ),
        (
            {"edge": {"tolerations": [{"key": "a", "since": 5}]}},
            {"edge": {"tolerations": [{"key": "a"}]}},
            ("spec.edge.tolerations[0].since",),
            "",
        ),
        (
            {"state": "Resting", "later": 1},
            {"state": "Resting"},
            ("spec.later",),
            'spec: state: found the text "Resting", allowed: Active, Drained',
        ),
    ],
)
def test_what_this_version_makes_of_a_spec(
    spec: dict[str, Any], known: dict[str, Any], ignored: tuple[str, ...], problem: str
) -> None:
    before = repr(spec)
    assert mirror.understand(spec) == (known, ignored, problem)
    assert repr(spec) == before, "what was signed stays as it is"


@pytest.mark.parametrize(
    ("path", "prefix", "allowed"),
    [
        ("/var/cache/dnsfleet", "/var/cache/dnsfleet", True),
        ("/var/cache/dnsfleet/gru", "/var/cache/dnsfleet/", True),
        ("/var/cache/dnsfleet/", "/var/cache/dnsfleet", True),
        ("/mnt", "/", True),
        ("/etc", "/var/cache/dnsfleet", False),
        ("/var/cache/dnsfleets", "/var/cache/dnsfleet", False),
        ("/var/cache", "/var/cache/dnsfleet", False),
        ("/var/cache/dnsfleet/../../../etc", "/var/cache/dnsfleet", False),
        ("//etc", "/var/cache/dnsfleet", False),
    ],
)
def test_the_core_is_given_no_other_folder_of_the_nodes(
    path: str, prefix: str, allowed: bool
) -> None:
    understood = mirror.understand({"edge": {"cacheHostPath": path}})
    assert not understood.problem
    problem = mirror.permitted(understood, prefix).problem
    if allowed:
        assert not problem
    else:
        assert problem.startswith(f"spec.edge.cacheHostPath: {path} is not below {prefix}, ")
        assert "cacheHostPathPrefix" in problem


@pytest.mark.parametrize("spec", [{}, {"edge": {}}, {"state": "Resting"}])
def test_a_spec_without_such_a_folder_stays_what_it_is(spec: dict[str, Any]) -> None:
    understood = mirror.understand(spec)
    assert mirror.permitted(understood, "/var/cache/dnsfleet") == understood


def test_the_higher_revision_counts_whichever_comes_first() -> None:
    low, high = held(), held(replace(SIGNED, revision=Revision(7, 3)))
    assert mirror.newest(low, high) is mirror.newest(high, low) is high
    assert mirror.newest(low, held()) is low
    assert mirror.newest(None, low) is mirror.newest(low, None) is low


def test_the_object_carries_what_was_signed() -> None:
    made = mirror.wanted(held(), mirror.understand(SPEC))
    assert made["spec"] == SPEC
    assert mirror.carried(made, "fra", PUBLIC) == held()


@pytest.mark.parametrize("text", ["", "no base64!", base64.b64encode(b"forged").decode(), "ä"])
def test_a_forged_annotation_is_nothing(text: str) -> None:
    metadata = {"name": "fra", "annotations": {mirror.SIGNED_ANNOTATION: text}}
    assert mirror.carried({"metadata": metadata}, "fra", PUBLIC) is None
    assert mirror.carried({"metadata": {"name": "fra"}}, "fra", PUBLIC) is None
    assert mirror.carried(None, "fra", PUBLIC) is None


def test_the_object_is_written_where_its_spec_or_what_it_carries_differs() -> None:
    made = mirror.wanted(held(), mirror.understand(SPEC))
    labelled = made["metadata"] | {"labels": {"team": "dns"}}
    others = labelled | {"annotations": made["metadata"]["annotations"] | {"note": "ours"}}
    assert not mirror.differs({**made, "metadata": others, "status": {}}, made)
    assert mirror.differs(None, made)
    assert mirror.differs({**made, "spec": {**SPEC, "state": "Drained"}}, made)
    assert mirror.differs({**made, "metadata": {"name": "fra"}}, made)


def test_a_drain_is_not_decided_here() -> None:
    signed = held()
    wanted = mirror.wanted(signed, mirror.understand(signed.says.spec))
    annotations = {**wanted["metadata"]["annotations"], "example.com/note": "ours"}
    good = {**wanted, "metadata": {**wanted["metadata"], "annotations": annotations}}
    assert not mirror.differs(good, wanted)
    drained = {**annotations, "dnsfleet.io/drain": "true"}
    found = {**wanted, "metadata": {**wanted["metadata"], "annotations": drained}}
    assert mirror.differs(found, wanted)
    assert mirror.reverted(found, wanted) == good
