"""An engine has the secrets of the file, and keeps them when the file becomes bad."""

import logging
import queue
from pathlib import Path

import dns.edns
import dns.message
import pytest
from dnsfleet import cookies
from dnsfleet.cookies import Part, Secret
from dnsfleet_edge import cookie_secrets
from dnsfleet_edge.cookie_secrets import CookieSecrets
from dnsfleet_engine import Engine

CLIENT = b"01234567"
OLD, NEW = bytes([1]) * 16, bytes([2]) * 16


def text(*secrets: tuple[Part, bytes]) -> str:
    return cookies.to_text(Secret(part, octets, 5) for part, octets in secrets)


def cookie(engine: Engine, server: bytes = b"") -> bytes | None:
    """The server cookie that a client gets; None where the engine answers no cookies."""
    option = dns.edns.CookieOption(CLIENT, server)
    query = dns.message.make_query("example.com", "A", use_edns=0, options=[option])
    wire = engine.respond(query.to_wire())
    assert wire is not None
    for answered in dns.message.from_wire(wire).options:
        if isinstance(answered, dns.edns.CookieOption):
            return answered.server
    return None


def test_a_change_of_the_file_is_a_change_of_the_secrets(tmp_path: Path) -> None:
    file, engine = tmp_path / "cookies", Engine()
    counts: list[int] = []
    secrets = CookieSecrets(file, engine, counts.append)
    file.write_text(text((Part.CURRENT, OLD)))
    secrets.look()
    first = cookie(engine)
    assert first is not None
    file.write_text(text((Part.PREVIOUS, OLD), (Part.CURRENT, NEW)))
    secrets.look()
    assert counts == [1, 2]
    renewed = cookie(engine, first)
    assert renewed not in (None, first)
    assert cookie(engine, renewed or b"") == renewed


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (None, "No such file or directory"),
        (b"", "write one current secret"),
        (b"\xff", "can't decode byte"),
        (b"current 00 1", "line 1: write current"),
    ],
)
def test_what_was_good_is_kept_and_the_trouble_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes | None, problem: str
) -> None:
    caplog.set_level(logging.WARNING)
    file, engine = tmp_path / "cookies", Engine()
    secrets = CookieSecrets(file, engine, lambda _: None)
    secrets.look()
    assert cookie(engine) is None
    assert "No such file or directory" in caplog.text
    file.write_text(text((Part.CURRENT, OLD)))
    secrets.look()
    known = cookie(engine)
    caplog.clear()
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)
    for _ in range(3):
        secrets.look()
    assert cookie(engine, known or b"") == known
    (record,) = caplog.records
    assert problem in record.getMessage()
    file.write_text(text((Part.CURRENT, NEW)))
    secrets.look()
    assert cookie(engine, known or b"") != known


def test_a_defect_costs_one_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cookie_secrets, "LOOK_SECONDS", 0.01)
    file, engine = tmp_path / "cookies", Engine()
    file.write_text(text((Part.CURRENT, OLD)))
    defects = [RuntimeError("a defect")] * 2
    counts: queue.SimpleQueue[int] = queue.SimpleQueue()

    def given(count: int) -> None:
        if defects:
            raise defects.pop()
        counts.put(count)

    secrets = CookieSecrets(file, engine, given)
    secrets.start()
    assert counts.get(timeout=5) == 1
    secrets.stop()
    assert cookie(engine) is not None
    assert secrets.worker.problem == ""
    assert caplog.text.count("event=cookie_secrets_unusable") == 1
    assert "Traceback" in caplog.text
