"""`dnsfleet zone import --axfr`: the same as of a file, or a clear error and nothing printed."""

import base64
import itertools
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dns.rcode
import dns.tsig
import pytest
from dnsfleet_cli import zone_objects, zone_shapes
from dnsfleet_cli.main import app
from dnsfleet_engine import Zone
from dnsfleet_publisher.transferring import connections, receiving
from dnsfleet_publisher.transferring.receiving import Transfer
from support.ports import free_port
from support.presigned_zones import signed
from support.transfer_servers import Answer, Replies, Send, answering, framed
from support.zones import hosts, make_zone
from typer.testing import CliRunner, Result

ORIGIN = "example.com."
PLAIN = make_zone(ORIGIN, [*hosts(40), ("*", "TXT", '"a;b"'), ("@", "MX", "10 mail")], serial=7)
KEY = dns.tsig.Key("transfer.example.net.", b"thirty-two octets, and a few more", "hmac-sha256")
SECRET = base64.b64encode(KEY.secret).decode()
SOA, *REST = PLAIN.to_text().splitlines()
PATIENCE = 0.5
"""Seconds: the tcp-io-timeout of Knot DNS."""
OUTSIDE = "x.example.net. 300 TXT " + " ".join(["x" * 255] * 230)
MANY = 1000
"""Messages of 59 KB, more than a system buffers."""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["zone", "import", *map(str, arguments)])


def transfer(port: int, *options: object) -> Result:
    return run("--axfr", f"127.0.0.1:{port}", "--origin", "example.com", *options)


def sending(*records: str) -> Answer:
    """A whole transfer of the records between two SOAs, in some messages."""

    def answer(replies: Replies, send: Send) -> None:
        every = [SOA, *records, SOA]
        for start in range(0, len(every), 16):
            send(framed(replies.message(*every[start : start + 16])))

    return answer


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "transfer.key"
    file.write_text(f'key "{KEY.name}" {{\n\talgorithm hmac-sha256;\n\tsecret "{SECRET}";\n}};\n')
    return file


@pytest.mark.parametrize("zone", [PLAIN, signed(PLAIN)], ids=["plain", "DNSSEC"])
@pytest.mark.parametrize("form", ["yaml", "zone"])
@pytest.mark.parametrize("key", [None, KEY], ids=["open", "TSIG"])
def test_the_same_as_of_the_file(
    zone: Zone, form: str, key: dns.tsig.Key | None, tmp_path: Path, key_file: Path
) -> None:
    file = tmp_path / "example.com.zone"
    file.write_text(zone.to_text())
    wanted = run(file, "-o", form)
    _, *records = zone.to_text().splitlines()
    with answering(sending(*records), key) as port:
        got = transfer(port, "-o", form, *([] if key is None else ["--tsig", key_file]))
    assert (got.exit_code, got.stdout, got.stderr) == (0, wanted.stdout, wanted.stderr)
    assert len(got.stdout) > 1000


@pytest.mark.parametrize(("host", "server"), [("::1", "[::1]:{}"), ("127.0.0.1", "localhost:{}")])
def test_other_ways_to_name_a_server(host: str, server: str) -> None:
    with answering(sending(*REST), host=host) as port:
        result = run("--axfr", server.format(port), "--origin", "Example.COM.", "-o", "zone")
    assert (result.exit_code, result.stdout) == (0, PLAIN.to_text())


def test_what_is_wrong_in_the_zone_is_told_as_of_a_file() -> None:
    bad = ["www.example.com. 300 CNAME a.", "www.example.com. 300 A 192.0.2.1"]
    with answering(sending(*REST, *bad)) as port:
        result = transfer(port)
    source = f"AXFR of example.com. from 127.0.0.1:{port}"
    assert (result.exit_code, result.stdout) == (1, "")
    number = 1 + len(REST) + 2  # the second of the two
    assert f"{source}:{number}: www.example.com. " in result.stderr
    assert f"{source}: 1 error\n" in result.stderr


@pytest.mark.parametrize("form", ["yaml", "zone", "path"])
def test_until_when_a_signed_zone_is_good_is_told(form: str, tmp_path: Path) -> None:
    zone = signed(PLAIN)
    file = tmp_path / "example.com.zone"
    file.write_text(zone.to_text())
    said = [run(file, "-o", form).stderr]
    if form != "path":
        with answering(sending(*zone.to_text().splitlines()[1:])) as port:
            said.append(transfer(port, "-o", form).stderr)
    for text in said:
        assert text.startswith("signed: the first signature ends at 2060-01-01T00:00:00Z, for ")
        assert "dnsfleet renews no signature" in text


def test_what_is_outside_of_the_zone_is_left_out() -> None:
    with answering(sending(*REST, "ns1.example.net. 300 A 192.0.2.1")) as port:
        result = transfer(port, "-o", "zone")
    assert (result.exit_code, result.stdout) == (0, PLAIN.to_text())
    assert result.stderr == (
        f"AXFR of example.com. from 127.0.0.1:{port}: warning: 1 record outside of the zone, "
        "left out [OutOfZone]\n"
    )


def test_a_zone_too_big_for_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zone_objects, "MAX_RECORDS", 1)
    monkeypatch.setattr(zone_objects, "MAX_INLINE", 100)
    monkeypatch.setattr(zone_shapes, "MAX_CONFIG_MAP", 100)
    with answering(sending(*REST)) as port:
        result = transfer(port)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"dnsfleet: AXFR of example.com. from 127.0.0.1:{port}: ")
    assert result.stderr.endswith(
        "; for `dnsfleet up`, write a file with -o zone, and import that with -o path\n"
    )


def refuse(replies: Replies, send: Send) -> None:
    send(framed(replies.message(rcode=dns.rcode.REFUSED)))


def close_at_once(_: Replies, send: Send) -> None:
    raise ConnectionError


def close_in_a_message(replies: Replies, send: Send) -> None:
    send(framed(replies.message(SOA, *REST)))
    send(framed(replies.message(SOA))[:-1])
    raise ConnectionError


def say_nothing(_: Replies, send: Send) -> None:
    pass


def stop_in_a_message(replies: Replies, send: Send) -> None:
    send(framed(replies.message(SOA)) + b"\0")


def never_end(replies: Replies, send: Send) -> None:
    send(framed(replies.message(SOA)))
    for number in itertools.count():
        send(framed(replies.message(f"h{number}.example.com. 300 A 192.0.2.1")))


def speak_http(_: Replies, send: Send) -> None:
    send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 500)
    raise ConnectionError


FAULTS: list[tuple[Answer, str]] = [
    (refuse, "refused; allow it there for this address, or for a key, and give --tsig (REFUSED)"),
    (close_at_once, "it broke off after 0 records: the server closed the connection"),
    (close_in_a_message, f"it broke off after {len(REST) + 1} records: the server closed the conn"),
    (say_nothing, "nothing more came after 0 records within 0.3 seconds"),
    (stop_in_a_message, "nothing more came after 1 record within 0.3 seconds"),
    (never_end, "more than 300 records; no zone may have so many"),
    (speak_http, "a message of the server is not well-formed, after 0 records: "),
]


@pytest.mark.parametrize(("answer", "told"), FAULTS, ids=[answer.__name__ for answer, _ in FAULTS])
@pytest.mark.parametrize("form", ["yaml", "zone"])
def test_faults_of_servers(
    answer: Answer, told: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "0.3 seconds" in told:  # on a busy machine others may be silent for as long
        monkeypatch.setattr(connections, "SILENT_SECONDS", 0.3)
    monkeypatch.setattr(receiving, "MAX_RECORDS", 300)
    with answering(answer) as port:
        result = transfer(port, "-o", form)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"dnsfleet: AXFR of example.com. from 127.0.0.1:{port}: {told}")
    assert result.stderr.count("\n") == 1


def test_a_transfer_that_goes_on_for_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_SECONDS", 0.5)
    with answering(never_end) as port:
        result = transfer(port)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the transfer does not end within 0.5 seconds" in result.stderr


def test_a_server_that_does_not_wait_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """Knot DNS closes where nothing is taken for half a second; buffers hold less than is sent."""

    def answer(replies: Replies, send: Send) -> None:
        first, large, last = (
            framed(replies.message(*each)) for each in ([SOA, *REST], [OUTSIDE], [SOA])
        )
        for message in (first, *[large] * MANY, last):
            send(message)

    take, seen = Transfer.feed, itertools.count()

    def take_slowly(self: Transfer, wire: bytes) -> bool:
        if next(seen) == 0:
            time.sleep(4 * PATIENCE)
        return take(self, wire)

    monkeypatch.setattr(Transfer, "feed", take_slowly)
    with answering(answer, patience=PATIENCE) as port:
        result = transfer(port, "-o", "zone")
    assert (result.exit_code, result.stdout) == (0, PLAIN.to_text()), result.stderr
    assert f"{MANY} records outside of the zone" in result.stderr


def test_a_connection_that_is_reset() -> None:
    def reset(replies: Replies, send: Send) -> None:
        send(framed(replies.message(SOA)))

    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as stack:

        def serve() -> None:
            connection, _ = listening.accept()
            connection.recv(1)  # what stays unread makes the end a reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        stack.callback(thread.join)
        result = transfer(listening.getsockname()[1])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "it broke off after 0 records: Connection reset by peer" in result.stderr


def test_nobody_listens() -> None:
    port = free_port()
    result = transfer(port)
    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "",
        f"dnsfleet: AXFR of example.com. from 127.0.0.1:{port}: no connection: "
        "Connection refused\n",
    )


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port that takes no more connections, whose SYNs are dropped."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, ExitStack() as stack:
        address = listening.getsockname()
        for _ in range(2):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        yield address[1]


def test_a_server_that_does_not_take_the_connection(
    deaf: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CONNECT_SECONDS", 0.3)
    result = transfer(deaf)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no connection within 0.3 seconds" in result.stderr


def test_a_secret_is_never_told(key_file: Path) -> None:
    weak = key_file.read_text().replace("sha256", "md5")
    key_file.write_text(weak)
    result = transfer(free_port(), "--tsig", key_file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"dnsfleet: {key_file}: hmac-md5 is too weak; make another")
    assert SECRET not in result.stderr


USAGE = "dnsfleet: name a master FILE, or give --axfr SERVER --origin ZONE, and --tsig with it\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], USAGE),
        (["--axfr", "192.0.2.1"], USAGE),
        (["--origin", "example.com"], USAGE),
        (["a.zone", "--axfr", "192.0.2.1", "--origin", "example.com"], USAGE),
        (["a.zone", "--tsig", "a.key"], USAGE),
        (["--tsig", "a.key", "--origin", "example.com"], USAGE),
        (
            ["--axfr", "192.0.2.1", "--origin", "example.com", "-o", "path"],
            "dnsfleet: -o path names a file, and --axfr has none; for `dnsfleet up`, write a file "
            "with -o zone, and import that with -o path\n",
        ),
        (["--axfr", "192.0.2.1", "--origin", "a..b"], "dnsfleet: zone a..b: "),
        (["--axfr", "192.0.2.1:x", "--origin", "a"], "dnsfleet: --axfr 192.0.2.1:x: write SERVER"),
    ],
)
def test_wrong_usage(arguments: list[str], told: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(told)
