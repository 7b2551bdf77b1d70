"""A file that was written completely is read back; one that was not, or was changed, never is."""

from pathlib import Path

import pytest
from dnsfleet_edge.disk import Disk, DiskError
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

STRIDE = 7  # between damaged octets: lengths and hashes are longer, so each is hit


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
    return {each.manifest.zone: each.zone.serial for each in disk.read() if each.zone is not None}


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
    assert len(disk.read()) == 1
    keep_one(disk, sign(make_zone("b.example.", serial=2), 3, FORGER))
    keep_one(disk, sign(make_zone("b.example.", serial=2), 4, FORGER))
    with pytest.raises(DiskError, match=r"b\.example-.*the signature is not from"):
        disk.read()


def test_nothing_was_ever_written(disk: Disk) -> None:
    with pytest.raises(DiskError, match="index: no such file"):
        disk.read()


def test_zones_without_an_index_are_no_complete_set(disk: Disk) -> None:
    keep_one(disk, sign(make_zone("example.com.", serial=1), 1))
    with pytest.raises(DiskError, match="index: no such file"):
        disk.read()


def test_a_zone_of_the_index_is_missing(disk: Disk, tmp_path: Path) -> None:
    keep(
        disk, sign(make_zone("a.example.", serial=1), 1), sign(make_zone("b.example.", serial=1), 1)
    )
    file_of(tmp_path, "b.example.").unlink()
    with pytest.raises(DiskError, match=r"b\.example-.*no such file"):
        disk.read()


def test_the_previous_generation_stands_in_for_any_damage(disk: Disk, tmp_path: Path) -> None:
    keep(disk, sign(make_zone("example.com.", serial=1), 1))
    keep(disk, sign(make_zone("example.com.", serial=2), 2))
    path = file_of(tmp_path, "example.com.")
    whole = path.read_bytes()
    damages = [whole[:size] for size in range(0, len(whole), STRIDE)]
    damages += [
        whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(0, len(whole), STRIDE)
    ]
    damages.append(whole + b"\0")
    for damaged in damages:
        path.write_bytes(damaged)
        assert serials(disk) == {"example.com.": 1}
    path.write_bytes(whole)
    assert serials(disk) == {"example.com.": 2}


def test_a_crash_between_the_renames_leaves_the_previous_generation(
    disk: Disk, tmp_path: Path
) -> None:
    keep(disk, sign(make_zone("example.com.", serial=1), 1))
    path = file_of(tmp_path, "example.com.")
    path.rename(path.with_name(f"{path.name}.1"))
    path.with_name(f"{path.name}.abc.tmp").write_bytes(b"half of the new gener")
    assert serials(disk) == {"example.com.": 1}
    disk.sweep()
    assert not list(path.parent.glob("*.tmp"))
    keep(disk, sign(make_zone("example.com.", serial=2), 2))
    assert serials(disk) == {"example.com.": 2}


def test_both_generations_damaged(disk: Disk, tmp_path: Path) -> None:
    keep(disk, sign(make_zone("example.com.", serial=1), 1))
    keep(disk, sign(make_zone("example.com.", serial=2), 2))
    path = file_of(tmp_path, "example.com.")
    path.write_bytes(path.read_bytes()[:-1])
    path.with_name(f"{path.name}.1").write_bytes(b"")
    with pytest.raises(DiskError) as caught:
        disk.read()
    assert str(caught.value) == (
        f"{path}: checksum does not match: the file is cut short or was changed; "
        f"{path}.1: not a dnsfleet zone file"
    )


def test_a_newer_format_is_named(disk: Disk, tmp_path: Path) -> None:
    keep(disk, sign(make_zone("example.com.", serial=1), 1))
    path = file_of(tmp_path, "example.com.")
    path.write_bytes(path.read_bytes().replace(b"dnsfleet zone 1\n", b"dnsfleet zone 2\n", 1))
    with pytest.raises(DiskError, match="format 2, this version reads 1"):
        disk.read()


def test_a_zone_of_another_publisher_is_refused(disk: Disk) -> None:
    keep(disk, sign(make_zone("example.com.", serial=1), 1, FORGER))
    with pytest.raises(DiskError, match="signature"):
        disk.read()


def test_records_that_are_not_those_of_the_manifest_are_refused(disk: Disk) -> None:
    signed = sign(make_zone("example.com.", [("www", "A", "192.0.2.1")]), 1)
    other = make_zone("example.com.", [("www", "A", "192.0.2.2")])
    disk.write_zone("example.com.", signed.signed, other.encode())
    disk.write_index(["example.com."])
    with pytest.raises(DiskError, match=r"not the zone of its manifest: digest \w+, not \w+"):
        disk.read()


def test_a_zone_in_the_place_of_another_is_refused(disk: Disk) -> None:
    signed = sign(make_zone("example.com.", serial=1), 1)
    disk.write_zone("example.net.", signed.signed, signed.zone.encode())
    disk.write_index(["example.net."])
    with pytest.raises(DiskError, match=r"it holds the zone example\.com\., not example\.net\."):
        disk.read()


def test_a_dropped_zone_stays_dropped_whatever_is_damaged(disk: Disk, tmp_path: Path) -> None:
    signed = sign(make_zone("example.com.", serial=1), 1)
    keep(disk, signed)
    keep(disk, sign(make_zone("example.com.", serial=2), 2))
    disk.write_dropped("example.com.", tombstone(signed))
    (stored,) = disk.read()
    assert stored.zone is None
    assert stored.manifest.tombstone
    path = file_of(tmp_path, "example.com.")
    path.write_bytes(b"")
    with pytest.raises(DiskError):
        disk.read()


def test_a_live_manifest_without_records_is_no_dropped_zone(disk: Disk) -> None:
    disk.write_dropped("example.com.", sign(make_zone("example.com.", serial=1), 1).signed)
    disk.write_index(["example.com."])
    with pytest.raises(DiskError, match="it was not written for the Pop fra"):
        disk.read()


def test_a_damaged_index_falls_back(disk: Disk, tmp_path: Path) -> None:
    first, second = (
        sign(make_zone("a.example.", serial=1), 1),
        sign(make_zone("b.example.", serial=1), 1),
    )
    keep(disk, first)
    keep(disk, first, second)
    (tmp_path / "state" / "index").write_bytes(b"dnsfleet index 1\n")
    assert serials(disk) == {"a.example.": 1}
