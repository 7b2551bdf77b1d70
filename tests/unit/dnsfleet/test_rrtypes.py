"""One spelling for each type."""

import dns.rdatatype
import pytest
from dnsfleet import rrtypes


@pytest.mark.parametrize(
    ("text", "number", "normal"),
    [
        ("A", 1, "A"),
        ("aaaa", 28, "AAAA"),
        ("TYPE1", 1, "A"),
        ("TYPE0016", 16, "TXT"),
        ("TYPE259", 259, "DOA"),
        ("DOA", 259, "DOA"),
        ("NSAP-PTR", 23, "NSAP-PTR"),
        ("type65280", 65280, "TYPE65280"),
        ("TYPE65535", 65535, "TYPE65535"),
    ],
)
def test_a_type_has_one_spelling(text: str, number: int, normal: str) -> None:
    assert rrtypes.number(text) == number
    assert rrtypes.normalise(text) == normal
    assert rrtypes.to_text(number) == normal


@pytest.mark.parametrize("text", ["", "TYPE", "TYPE65536", "TYPE-1", "NONE", "AAA", "NSAP_PTR"])
def test_what_names_no_type_says_so(text: str) -> None:
    assert rrtypes.number(text) is None
    with pytest.raises(rrtypes.UnknownTypeError) as caught:
        rrtypes.normalise(text)
    assert str(caught.value) == f"type {text} is unknown; write it as TYPEnnn (RFC 3597)"


def test_every_mnemonic_of_dnspython_is_known() -> None:
    """It converts the rdata of some types; one that only it knew would have no number here."""
    theirs = {each.name.replace("_", "-"): int(each) for each in dns.rdatatype.RdataType if each}
    assert {name: rrtypes.number(name) for name in theirs} == theirs
