"""Names in letters of any script: a master file takes what the records of a Zone take."""

import pytest
from dnsfleet.violations import errors
from dnsfleet.zones import building, master_files
from dnsfleet.zones.checking.written import TARGET_FIELDS
from support import yaml_resources

APEX = "$TTL 300\n@ SOA ns1.example.net. h 7 7200 900 1209600 300\n@ NS ns1.example.net.\n"
NAMES = [
    *(
        "bücher",
        "Bücher",
        "BÜCHER.example.org.",
        "*.tür",
        "tür.sub",
        "\uff46\uff55ll",
        "straße",
        "дом.рф.",
    ),
    *("b\\195\\188cher", "日本語", "e\u0301tude"),
]
BAD_NAMES = ["☃", "a.☃.example.", "b\\046ü", "ü..a", "ü" * 60]
BEFORE = ["", "1 ", "", "1 2 3 "]


def from_file(line: str) -> master_files.Built:
    return master_files.read(f"{APEX}{line}\n".encode(), "f", "example.com.")


def from_zone(name: str, rtype: str, data: str) -> master_files.Built:
    record: dict[str, object] = {"name": name, "type": rtype, "data": [data]}
    return building.from_resources(yaml_resources.zone_with([record]), [], None)


@pytest.mark.parametrize("rtype", TARGET_FIELDS)
@pytest.mark.parametrize("name", NAMES)
def test_targets(name: str, rtype: str) -> None:
    data = BEFORE[TARGET_FIELDS[rtype]] + name
    (file, found), (zone, _) = from_file(f"w {rtype} {data}"), from_zone("w", rtype, data)
    assert file is not None and zone is not None, found
    assert file.get("w", rtype) == zone.get("w", rtype) is not None


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith(".")])
def test_owners(name: str) -> None:
    (file, _), (zone, _) = from_file(f"{name} A 192.0.2.1"), from_zone(name, "A", "192.0.2.1")
    assert file is not None and zone is not None
    assert file.owners("A") == zone.owners("A") != []


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_names(name: str) -> None:
    for line, record in [
        (f"{name} A 192.0.2.1", (name, "A", "192.0.2.1")),
        (f"w MX 1 {name}", ("w", "MX", f"1 {name}")),
    ]:
        (file, found), (zone, _) = from_file(line), from_zone(*record)
        assert file is None and zone is None
        assert [(each.reason, each.where) for each in errors(found)] == [("BadName", "f:4")]


def test_an_origin_in_the_file_and_from_its_soa() -> None:
    head = "$ORIGIN bücher.example.\n@ 300 SOA ns1.example.net. h 7 7200 900 1209600 300\n"
    zone, found = master_files.read(f"{head}@ 300 NS ns1.example.net.\n".encode(), "f")
    assert zone is not None and found == []
    assert zone.origin == "xn--bcher-kva.example."


def test_what_is_written_of_a_zone_is_read_again() -> None:
    zone, _ = from_file("bücher CNAME tür\nb\\195\\188cher A 192.0.2.1")
    assert zone is not None
    text = zone.to_text()
    assert text.isascii()
    again, _ = master_files.read(text.encode(), "f")
    assert again is not None and again.encode() == zone.encode()


def test_a_file_in_latin_1() -> None:
    zone, found = master_files.read(
        f"{APEX}tür A 192.0.2.1\n".encode("latin-1"), "f", "example.com."
    )
    assert zone is None
    (error,) = found
    assert (error.reason, error.where) == ("BadName", "f:4")
    assert "no UTF-8; save the file as UTF-8" in error.message


def test_a_message_shows_no_control_characters() -> None:
    for name in ("\u0085ü", "\u0085ü\\046"):
        _, found = from_file(f"{name} A 192.0.2.1")
        assert [each.message.isprintable() for each in found] == [True]
