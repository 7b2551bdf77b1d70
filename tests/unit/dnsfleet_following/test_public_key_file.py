"""An edge hears of other public keys, and keeps those that it has when the file becomes bad."""

import logging
from pathlib import Path

import pytest
from dnsfleet.replication import public_keys
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet_following import public_key_file
from dnsfleet_following.public_key_file import PublicKeyFile
from support.signed_zones import FORGER, PUBLISHER
from support.waiting import wait_for

ONE = (PUBLISHER.public_key(),)
TWO = (*ONE, FORGER.public_key())


def test_only_a_change_is_told(tmp_path: Path) -> None:
    file, told = tmp_path / "publisher.pub", list[PublicKeys]()
    file.write_text(public_keys.to_pem(ONE))
    watched = PublicKeyFile(file, ONE, told.append)
    watched.look()
    assert told == []
    file.write_text(public_keys.to_pem(TWO))
    watched.look()
    watched.look()
    assert told == [TWO]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [(None, "No such file or directory"), (b"", "no PEM public key"), (b"\xff", "no PEM")],
)
def test_what_was_good_is_kept_and_the_trouble_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes | None, problem: str
) -> None:
    caplog.set_level(logging.WARNING)
    file, told = tmp_path / "publisher.pub", list[PublicKeys]()
    if damage is not None:
        file.write_bytes(damage)
    watched = PublicKeyFile(file, ONE, told.append)
    for _ in range(3):
        watched.look()
    assert told == []
    (record,) = caplog.records
    assert problem in record.getMessage()


def test_a_defect_costs_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_key_file, "LOOK_SECONDS", 0.01)
    file, told = tmp_path / "publisher.pub", list[PublicKeys]()
    file.write_text(public_keys.to_pem(TWO))
    defects = [RuntimeError("a defect")]

    def changed(found: PublicKeys) -> None:
        if defects:
            raise defects.pop()
        told.append(found)

    watched = PublicKeyFile(file, ONE, changed)
    watched.start()
    wait_for("the change is told", lambda: told, 5)
    watched.stop()
    assert told == [TWO]
    assert watched.worker.problem == ""
