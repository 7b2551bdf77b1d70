"""Two zones of a fleet, one of which delegates the other: whether their DNSSEC fits."""

import pytest
from dnsfleet.zones import delegations, master_files
from dnsfleet_engine import Zone
from support.zone_signing import OTHER_KEY, ds_record, sign

HEAD = "@ 300 SOA ns.other. host.other. 1 7200 900 1209600 300\n@ 300 NS ns.other.\n"
CUT = "child 300 NS ns.other.\n"
OWN = ds_record("child.parent.")
OF_OTHER_KEY = ds_record("child.parent.", key=OTHER_KEY)
UNKNOWN_DIGEST = "1 13 200 00"
RESERVED_DIGEST = "1 13 0 00"


def zone(origin: str, records: str = "", *, signed: bool, later: str = "") -> Zone:
    """A zone, and lines that come into it after it was signed."""
    text = HEAD + records
    text = (sign(text, origin) if signed else text) + later
    built, found = master_files.read(text.encode(), "f", origin)
    assert built is not None, found
    return built


def ds(*rdatas: str) -> str:
    return CUT + "".join(f"child 300 DS {rdata}\n" for rdata in rdatas)


@pytest.mark.parametrize(
    ("records", "signed", "reason"),
    [
        (CUT, False, None),
        (CUT, True, "InsecureDelegation"),
        (ds(OWN), True, None),
        (ds(ds_record("child.parent.", "SHA1")), True, None),
        (ds(ds_record("child.parent.", "SHA384")), True, None),
        # A key that is to come is announced beside the one that signs.
        (ds(OWN, OF_OTHER_KEY), True, None),
        (ds(OF_OTHER_KEY), True, "BogusDelegation"),
        # The digest is of the name, too.
        (ds(ds_record("other.parent.")), True, "BogusDelegation"),
        (ds(OWN), False, "BogusDelegation"),
        (ds(UNKNOWN_DIGEST), False, None),
        (ds(UNKNOWN_DIGEST), True, None),
        (ds(UNKNOWN_DIGEST, OF_OTHER_KEY), True, "BogusDelegation"),
        # It is not delegated, or not from here.
        ("", True, None),
        ("child 300 A 192.0.2.1\n", True, None),
    ],
)
def test_a_delegation_is_judged(records: str, signed: bool, reason: str | None) -> None:
    parent = zone("parent.", records, signed=True)
    child = zone("child.parent.", signed=signed)
    found = delegations.judge(parent, child, "there")
    assert (found and found.reason) == reason
    if found is not None:
        assert (found.where, found.severity) == ("there", "warning")
        assert "child.parent. is" in found.message
    # Below an unsigned zone nothing is secure, so nothing is bogus.
    plain = zone("parent.", records, signed=False)
    assert delegations.judge(plain, child, "there") is None


@pytest.mark.parametrize(("beside", "is_bogus"), [(OWN, False), (OF_OTHER_KEY, True)])
def test_a_reserved_digest_counts_for_nothing(beside: str, is_bogus: bool) -> None:
    # dnspython reads no such DS, so it cannot sign it either.
    later = f"child.parent. 300 DS {RESERVED_DIGEST}\n"
    parent = zone("parent.", ds(beside), signed=True, later=later)
    found = delegations.judge(parent, zone("child.parent.", signed=True), "there")
    assert (found is not None) == is_bogus


def test_a_zone_between_delegates() -> None:
    hidden = CUT + f"low.child 300 NS ns.other.\nlow.child 300 DS {OF_OTHER_KEY}\n"
    low = zone("low.child.parent.", signed=True)
    parent = zone("parent.", hidden.removeprefix(CUT), signed=True)
    found = delegations.judge(parent, low, "there")
    assert found is not None
    assert found.reason == "BogusDelegation"
    # Below the cut the parent says nothing that anybody is told.
    assert delegations.judge(zone("parent.", hidden, signed=True), low, "there") is None
