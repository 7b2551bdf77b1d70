"""`dnsfleet serve` as people call it, asked by an independent tool (dnspython)."""

import signal
import socket
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from dnsfleet_cli.main import app
from support.serving import HOST, SECONDS, serving
from support.waiting import wait_for
from typer.testing import CliRunner, Result

ZONE = """\
@    3600 IN SOA ns1 hostmaster 7 7200 900 1209600 300
@    3600 IN NS ns1
ns1  3600 IN A 192.0.2.1
www  60   IN A 192.0.2.2
"""

IN_HASTE = """
import sys
from dnsfleet import cookies
from dnsfleet_cli import main

cookies.STAGE_SECONDS = cookies.PERIOD_SECONDS = cookies.OVERLAP_SECONDS = 0
cookies.LOOK_SECONDS = 0.01
main.app(sys.argv[1:])
"""
"""`dnsfleet` whose cookie secrets may be replaced again at once."""


def dnsfleet(*arguments: str | Path) -> Result:
    """A command, run in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "example.com.zone"
    file.write_text(ZONE)
    return file


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_it_is_told_to_stop(file: Path, stop: signal.Signals) -> None:
    query = dns.message.make_query("www.example.com", "A", flags=0)
    with serving("--zones-dir", file.parent, "--shards", "2") as served:
        assert served.lines[0] == f"example.com. serial 7, 4 records from {file}"
        for ask in (dns.query.udp, dns.query.tcp):
            reply = ask(query, HOST, port=served.port, timeout=SECONDS)
            assert reply.rcode() == dns.rcode.NOERROR
            assert reply.flags & dns.flags.AA
            assert reply.answer[0].to_text() == "www.example.com. 60 IN A 192.0.2.2"
        served.process.send_signal(stop)
        assert served.process.wait(SECONDS) == 0


def test_a_cookie_is_good_for_the_server_that_gave_it(file: Path) -> None:
    zone = f"example.com={file}"
    with serving("--zone", zone) as first, serving("--zone", zone) as second:
        given = first.cookie()
        assert len(given) == 16
        assert first.cookie(given) == given
        assert second.cookie(given) != given


def test_cookie_secrets_are_replaced_while_it_serves(file: Path) -> None:
    with serving("--zone", f"example.com={file}", python=["-c", IN_HASTE]) as served:
        given = served.cookie()
        wait_for("another secret", lambda: served.cookie(given) != given, SECONDS)


def test_a_bad_zone_is_refused(file: Path) -> None:
    file.write_text(ZONE + "host A 127.0.0.300\n")
    result = dnsfleet("serve", "--zone", f"example.com={file}", "--listen", f"{HOST}:0")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{file}:5: ")
    assert result.stderr.endswith(f"example.com. refused: 1 error in {file}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no zones; give --zone ORIGIN=FILE or --zones-dir DIR"),
        (["--zone", "example.com"], "--zone example.com: write ORIGIN=FILE"),
        (["--zone", "a..b=f"], 'zone a..b: "a..b" has an empty label; remove the doubled dot'),
        (["--zones-dir", "/nowhere"], "/nowhere: No such file or directory"),
        (
            ["--zone", "a=f", "--listen", "localhost:53"],
            "--listen localhost:53: write ADDR:PORT, such as 127.0.0.1:5300 or [::1]:5300",
        ),
    ],
)
def test_it_says_what_is_missing(arguments: list[str], message: str) -> None:
    result = dnsfleet("serve", *arguments)
    assert (result.exit_code, result.stderr) == (2, f"dnsfleet: {message}\n")


def test_it_says_which_address_is_in_use(file: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, 0))
        address = f"{HOST}:{other.getsockname()[1]}"
        signals = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        result = dnsfleet("serve", "--zone", f"example.com={file}", "--listen", address)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == signals  # what follows can be stopped
    assert result.exit_code == 2
    assert address in result.stderr.splitlines()[-1]
    assert result.stderr.splitlines()[-1].endswith(
        "stop what answers there, or choose with --listen"
    )
