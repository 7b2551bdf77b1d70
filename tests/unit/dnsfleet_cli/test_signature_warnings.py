"""What `up` and `serve` tell of signatures that end, and how often."""

from pathlib import Path

import pytest
from dnsfleet.violations import Violation
from dnsfleet_cli import served_zones
from dnsfleet_cli.served_zones import ServedZones
from dnsfleet_cli.signature_warnings import SignatureWarnings
from dnsfleet_engine import Engine
from support.signature_records import ORIGIN, signed, zone

HOUR, DAY = 3600, 24 * 3600
NOW = 1_800_000_000


class Told:
    """Warnings, by what is told of them."""

    def __init__(self) -> None:
        self.found: list[Violation] = []
        self.warnings = SignatureWarnings(self.found.append)

    def take(self) -> list[str]:
        taken = [each.reason for each in self.found]
        assert {each.where for each in self.found} <= {ORIGIN}
        assert {each.severity for each in self.found} <= {"warning"}
        self.found.clear()
        return taken


def test_each_level_is_told_once_when_it_comes() -> None:
    told = Told()
    told.warnings.served(ORIGIN, signed(NOW, NOW + 2 * DAY), NOW)
    levels = []
    for hour in range(0, 60, 5):
        told.warnings.look(NOW + hour * HOUR)
        levels += [(hour, reason) for reason in told.take()]
    assert levels == [(25, "SignaturesNearExpiry"), (50, "SignaturesExpired")]


def test_a_version_that_changes_nothing_about_that_is_not_told_of_again() -> None:
    told = Told()
    told.warnings.served(ORIGIN, signed(NOW, NOW + HOUR), NOW)
    assert told.take() == ["SignaturesNearExpiry"]
    told.warnings.served(ORIGIN, signed(NOW, NOW + HOUR + 1, serial=2), NOW)
    assert told.take() == []
    told.warnings.served(ORIGIN, signed(NOW, NOW + 9 * DAY, serial=3), NOW)
    assert told.take() == []
    told.warnings.served(ORIGIN, signed(NOW + HOUR, NOW + 9 * DAY, serial=4), NOW)
    assert told.take() == ["SignaturesNotYetValid"]
    told.warnings.look(NOW + HOUR)
    assert told.take() == []


@pytest.mark.parametrize("after", [None, zone()])
def test_a_zone_that_goes_or_is_signed_no_more_is_forgotten(after: object) -> None:
    told = Told()
    told.warnings.served(ORIGIN, signed(NOW, NOW + 2 * DAY), NOW)
    told.warnings.served(ORIGIN, after, NOW)  # type: ignore[arg-type]
    told.warnings.look(NOW + 9 * DAY)
    assert told.take() == []


class Clock:
    """A clock that a test sets."""

    now = float(NOW)

    @classmethod
    def time(cls) -> float:
        return cls.now


def test_serve_warns_and_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(served_zones, "time", Clock)
    file, engine = tmp_path / "signed.zone", Engine()
    served = ServedZones(engine, lambda: {ORIGIN: file})
    file.write_text(signed(NOW, NOW + 2 * DAY).to_text())
    assert served.load()
    served.look()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(Clock, "now", NOW + 3.0 * DAY)
    served.look()
    served.look()
    told = capsys.readouterr().err
    assert told.startswith(f"{ORIGIN}: warning: the first signature ended at 2027-01-17T08:00:00Z")
    assert told.count("\n") == 1
    file.write_text(signed(NOW, NOW + DAY, serial=2).to_text())
    served.reload(changed=False)
    assert engine.zone(ORIGIN).serial == 2  # type: ignore[union-attr]
