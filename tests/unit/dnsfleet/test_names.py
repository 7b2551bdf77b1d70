"""Names as text: one spelling for each name, and errors that say what is wrong."""

import pytest
from dnsfleet import names

SPELLINGS = [
    # text, origin, normal spelling
    ("example.com", None, "example.com."),
    ("EXAMPLE.com.", None, "example.com."),
    (".", None, "."),
    ("www", "example.com.", "www.example.com."),
    ("@", "example.com.", "example.com."),
    ("www.example.net.", "example.com.", "www.example.net."),
    ("*", "example.com.", "*.example.com."),
    ("www", ".", "www."),
    ("a\\.b", "example.com.", "a\\.b.example.com."),
    ("a\\046b", "example.com.", "a\\.b.example.com."),
    ("\\119ww", "example.com.", "www.example.com."),
    ("_sip._tcp", "example.com.", "_sip._tcp.example.com."),
    ("0/25.2.0.192.in-addr.arpa", None, "0/25.2.0.192.in-addr.arpa."),
    ("xn--bcher-kva.example", None, "xn--bcher-kva.example."),
    ("bücher.example", None, "xn--bcher-kva.example."),
    ("BÜCHER.example", None, "xn--bcher-kva.example."),
    ("faß.de", None, "xn--fa-hia.de."),
    ("_dmarc.bücher", "example.com.", "_dmarc.xn--bcher-kva.example.com."),
    ("b\\195\\188cher", "example.com.", "b\\195\\188cher.example.com."),
]


@pytest.mark.parametrize(("text", "origin", "expected"), SPELLINGS)
def test_one_spelling(text: str, origin: str | None, expected: str) -> None:
    assert names.normalise(text, origin) == expected


FAULTS = [
    ("", "the name is empty; write a name, or @ for the origin"),
    ("a" * 64 + ".example.com", "label of 64 octets, at most 63 allowed"),
    ("\\097" * 64 + ".example.com", "label of 64 octets, at most 63 allowed"),
    (".".join(["a" * 63] * 3 + ["a" * 62]), "name of 256 octets, at most 255 allowed"),
    ("example..com", '"example..com" has an empty label; remove the doubled dot'),
    ("a\\999.com", '"a\\999.com" has a bad escape; write \\X or \\DDD up to \\255'),
    ("a b.com", '"a b.com" has a blank or control character; write it as \\032'),
    ("xn--zzzzzzz99999999.com", '"xn--zzzzzzz99999999" begins with xn-- but is no A-label'),
    ("☃.example", '"☃" is no label of IDNA 2008: '),
    ("_ü.example", '"_ü" is no label of IDNA 2008: '),
    ("a。ü.example", '"a。ü" is no label of IDNA 2008: '),
    ("ü" * 63 + ".example", "is no label of IDNA 2008: Label too long"),
    ("a\\.ü.example", "has an escape beside letters outside ASCII; write A-labels (xn--…)"),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_faults_say_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        names.normalise(text)
    assert message in str(caught.value)


def test_messages_show_u_labels_as_well() -> None:
    assert names.shown("www.example.") == "www.example."
    assert names.shown("www.xn--bcher-kva.example.") == (
        "www.xn--bcher-kva.example. (www.bücher.example.)"
    )
    assert names.shown("xn--zzzzzzz99999999.com.") == "xn--zzzzzzz99999999.com."


def test_the_origin_counts_in_the_length() -> None:
    longest = ".".join(["a" * 63] * 3 + ["a" * 61])
    assert names.normalise(longest)
    with pytest.raises(ValueError, match=r"name of 259 octets, at most 255 allowed"):
        names.normalise(longest, "com.")


@pytest.mark.parametrize(
    ("name", "ancestor", "expected"),
    [
        ("www.example.com.", "example.com.", True),
        ("example.com.", "example.com.", True),
        ("notexample.com.", "example.com.", False),
        ("a\\.example.com.", "example.com.", False),
        ("com.", "example.com.", False),
        ("example.com.", ".", True),
    ],
)
def test_at_or_below(name: str, ancestor: str, expected: bool) -> None:
    assert names.is_at_or_below(name, ancestor) is expected


@pytest.mark.parametrize(
    ("name", "origin", "expected"),
    [
        ("www.example.com.", "example.com.", "www"),
        ("example.com.", "example.com.", "@"),
        ("www.example.net.", "example.com.", "www.example.net."),
        ("com.", ".", "com."),
    ],
)
def test_relative(name: str, origin: str, expected: str) -> None:
    assert names.relative(name, origin) == expected
    assert names.normalise(expected, origin) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("www", False),
        ("@", False),
        ("www.", True),
        (".", True),
        (r"www\.", False),
        (r"www\\.", True),
        (r"www\\\.", False),
        (r"www\046", False),
        (r"www\092.", True),
        (r"www\..", True),
    ],
)
def test_absolute(name: str, expected: bool) -> None:
    assert names.is_absolute(name) is expected
