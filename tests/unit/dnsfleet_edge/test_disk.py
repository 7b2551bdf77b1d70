"""A file that was written completely is read back; one that was not, or was changed, never is."""

import stat
from pathlib import Path

import pytest
from dnsfleet_edge.disk import Disk
from support.signed_zones import FORGER, POP, PUBLISHER, SignedZone, sign, tombstone
from support.zones import make_zone

ORIGINS = [
    "example.com.",
    ".",
    "*.example.com.",
    "0/25.2.0.192.in-addr.arpa.",
    r"a\.b\000.example.com.",
    ".".join(["x" * 63, "y" * 63, "z" * 63, "w" * 40]) + ".",
]


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "state", (PUBLISHER.public_key(),), POP)


def keep_one(disk: Disk, signed: SignedZone) -> None:
    disk.write_zone(signed.manifest.zone, signed.signed, signed.zone.encode())


def keep(disk: Disk, *signed: SignedZone) -> None:
    for each in signed:
        keep_one(disk, each)
    disk.write_index({each.manifest.zone for each in signed})


def serials(disk: Disk) -> dict[str, int]:
    """Of the zones of a complete set."""
    contents = disk.read()
    assert contents.complete, contents.problems
    return {each.manifest.zone: each.zone.serial for each in contents.zones if each.zone}


def problem(disk: Disk) -> str:
    """The only one, with no good zone beside it."""
    contents = disk.read()
    assert contents.zones == []
    (found,) = contents.problems
    return found


def file_of(tmp_path: Path, origin: str) -> Path:
    (path,) = (tmp_path / "state" / "zones").glob(f"{origin.rstrip('.')}-*.zone")
    return path


def test_every_kind_of_origin_comes_back(disk: Disk) -> None:
    address = [("ns1.example.net.", "A", "192.0.2.53")]  # inside the root zone it needs an address
    for origin in ORIGINS:
        content = make_zone(origin, address if origin == "." else [], serial=7)
        keep_one(disk, sign(content, 1))
    disk.write_index(ORIGINS)
    assert serials(disk) == dict.fromkeys(ORIGINS, 7)


def test_what_was_dropped_by_a_former_key_costs_no_zone(disk: Disk) -> None:
    gone = sign(make_zone("b.example.", serial=1), 1)
    keep(disk, sign(make_zone("a.example.", serial=1), 1), gone)
    disk.write_dropped("b.example.", tombstone(gone, FORGER))
    assert serials(disk) == {"a.example.": 1}
    assert disk.read().complete
    keep_one(disk, sign(make_zone("b.example.", serial=2), 3, FORGER))
    assert good_zones(disk) == ["a.example."]
    assert "the signature is not from" in disk.read().problems[0]


def good_zones(disk: Disk) -> list[str]:
    """The zones that can be used of a disk that is not complete."""
    return [each.manifest.zone for each in disk.read().zones]


def test_nothing_was_ever_written(disk: Disk) -> None:
    assert problem(disk).endswith("index: no such file")


def test_only_a_disk_without_an_index_counts_as_new(disk: Disk, tmp_path: Path) -> None:
    assert disk.read().new
    keep(disk, sign(make_zone("example.com.", serial=1), 1))
    assert not disk.read().new
    file_of(tmp_path, "example.com.").unlink()
    assert not disk.read().new
    (tmp_path / "state" / "index").write_bytes(b"")
    assert not disk.read().new


def test_zones_without_an_index_are_no_complete_set(disk: Disk) -> None:
    keep_one(disk, sign(make_zone("example.com.", serial=1), 1))
    assert problem(disk).endswith("index: no such file")


def test_a_zone_of_the_index_is_missing(disk: Disk, tmp_path: Path) -> None:
    keep(
        disk, sign(make_zone("a.example.", serial=1), 1), sign(make_zone("b.example.", serial=1), 1)
    )
    path = file_of(tmp_path, "b.example.")
    path.unlink()
    contents = disk.read()
    assert [each.manifest.zone for each in contents.zones] == ["a.example."]
    assert contents.problems == [f"{path}: no such file"]


def test_a_file_that_cannot_be_read_is_named(disk: Disk, tmp_path: Path) -> None:
    keep(disk, sign(make_zone("example.com.", serial=1), 1))
    path = file_of(tmp_path, "example.com.")
    path.unlink()
    path.mkdir()
    assert problem(disk) == f"{path}: cannot read it: Is a directory"
    path = tmp_path / "state" / "index"
    path.unlink()
    path.mkdir()
    assert problem(disk) == f"{path}: cannot read it: Is a directory"


def test_a_killed_write_is_removed_and_the_file_before_it_counts(
    disk: Disk, tmp_path: Path
) -> None:
    keep(disk, sign(make_zone("example.com.", serial=1), 1))
    path = file_of(tmp_path, "example.com.")
    path.with_name(f"{path.name}.abc.tmp").write_bytes(b"half of the new gener")
    assert serials(disk) == {"example.com.": 1}
    disk.prepare()
    assert not list(path.parent.glob("*.tmp"))
    keep(disk, sign(make_zone("example.com.", serial=2), 2))
    assert serials(disk) == {"example.com.": 2}


def test_damage_is_named(disk: Disk, tmp_path: Path) -> None:
    keep(disk, sign(make_zone("example.com.", serial=1), 1))
    keep(disk, sign(make_zone("example.com.", serial=2), 2))
    path = file_of(tmp_path, "example.com.")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert problem(disk) == (
        f"{path}: checksum does not match: the file is cut short or was changed"
    )
    path.write_bytes(b"")
    assert problem(disk) == f"{path}: not a dnsfleet zone file"
    path.write_bytes(whole)
    assert serials(disk) == {"example.com.": 2}


def test_only_the_owner_may_read_also_what_others_could_read_before(
    disk: Disk, tmp_path: Path
) -> None:
    (tmp_path / "state" / "zones").mkdir(parents=True)
    for folder in ("state", "state/zones"):
        (tmp_path / folder).chmod(0o755)
    disk.prepare()
    keep(disk, sign(make_zone("example.com.", serial=1), 1))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert [modes.pop("state"), modes.pop("zones")] == [0o700, 0o700]
    assert set(modes.values()) == {0o600}


def test_a_newer_format_is_named(disk: Disk, tmp_path: Path) -> None:
    keep(disk, sign(make_zone("example.com.", serial=1), 1))
    path = file_of(tmp_path, "example.com.")
    path.write_bytes(path.read_bytes().replace(b"dnsfleet zone 1\n", b"dnsfleet zone 2\n", 1))
    assert problem(disk).endswith("format 2, this version reads 1")


def test_a_zone_of_another_publisher_is_refused(disk: Disk) -> None:
    keep(disk, sign(make_zone("example.com.", serial=1), 1, FORGER))
    assert problem(disk).endswith("the signature is not from this fleet's publisher")


def test_records_that_are_not_those_of_the_manifest_are_refused(disk: Disk) -> None:
    signed = sign(make_zone("example.com.", [("www", "A", "192.0.2.1")]), 1)
    other = make_zone("example.com.", [("www", "A", "192.0.2.2")])
    disk.write_zone("example.com.", signed.signed, other.encode())
    disk.write_index(["example.com."])
    digests = f"digest {other.digest.hex()}, not {signed.zone.digest.hex()}"
    assert problem(disk).endswith(f"not the zone of its manifest: {digests}")


def test_a_zone_in_the_place_of_another_is_refused(disk: Disk) -> None:
    signed = sign(make_zone("example.com.", serial=1), 1)
    disk.write_zone("example.net.", signed.signed, signed.zone.encode())
    disk.write_index(["example.net."])
    assert problem(disk).endswith("it holds the zone example.com., not example.net.")


def test_a_dropped_zone_stays_dropped_whatever_is_damaged(disk: Disk, tmp_path: Path) -> None:
    signed = sign(make_zone("example.com.", serial=1), 1)
    keep(disk, signed)
    keep(disk, sign(make_zone("example.com.", serial=2), 2))
    disk.write_dropped("example.com.", tombstone(signed))
    (stored,) = disk.read().zones
    assert stored.zone is None
    assert stored.manifest.tombstone
    path = file_of(tmp_path, "example.com.")
    path.write_bytes(b"")
    assert problem(disk) == f"{path}: not a dnsfleet zone file"


def test_a_live_manifest_without_records_is_no_dropped_zone(disk: Disk) -> None:
    disk.write_dropped("example.com.", sign(make_zone("example.com.", serial=1), 1).signed)
    disk.write_index(["example.com."])
    assert problem(disk).endswith("it was not written for the Pop fra")


def test_a_damaged_index_is_an_empty_disk(disk: Disk, tmp_path: Path) -> None:
    first, second = (
        sign(make_zone("a.example.", serial=1), 1),
        sign(make_zone("b.example.", serial=1), 1),
    )
    keep(disk, first)
    keep(disk, first, second)
    index = tmp_path / "state" / "index"
    index.write_bytes(b"dnsfleet index 1\n")
    assert problem(disk).startswith(f"{index}: checksum does not match")
