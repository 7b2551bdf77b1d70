"""Many queries on many connections from dnsperf: all answered, over TCP, UDP, IPv4 and IPv6."""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet_engine import Engine
from support.zones import hosts, make_zone

HOSTS = 200
# How often each line of the file is asked.
RUNS = 40
CONNECTIONS = 100
OUTSTANDING = 1000
REPLY_SECONDS = 20
SHARDS = 2
# More than the largest UDP reply holds.
LARGE = [("large", "TXT", f"{n:0200}") for n in range(20)]


def _asked() -> Iterator[tuple[str, str]]:
    """Lines of a dnsperf file and the response code that each has to get."""
    for number in range(HOSTS):
        yield f"host{number}.test A", "NOERROR"
        yield f"HOST{number}.Test AAAA", "NOERROR"
        yield f"absent{number}.test A", "NXDOMAIN"
    for number in range(HOSTS // 10):
        yield f"x{number}.wild.test TXT", "NOERROR"
        yield "large.test TXT", "NOERROR"
        yield f"foreign{number}.example A", "REFUSED"


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    engine.load(make_zone("test", [*hosts(HOSTS), *LARGE, ("*.wild", "TXT", "one")]))
    yield engine
    engine.stop()


@pytest.mark.parametrize("mode", ["tcp", "udp"])
@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", "4"), ("::1", "6")])
def test_no_query_is_lost(
    engine: Engine, tmp_path: Path, mode: str, host: str, family: str
) -> None:
    dnsperf = shutil.which("dnsperf")
    assert dnsperf, "dnsperf is missing: install the Debian package dnsperf"
    asked = list(_asked())
    file = tmp_path / "queries"
    file.write_text("".join(f"{line}\n" for line, _ in asked))
    [(_, port)] = engine.start([(host, 0)], SHARDS)
    command = [dnsperf, "-m", mode, "-s", host, "-p", str(port), "-d", file, "-n", str(RUNS)]
    command += ["-c", str(CONNECTIONS), "-T", "2", "-q", str(OUTSTANDING)]
    ended = subprocess.run(
        [*command, "-t", str(REPLY_SECONDS)], capture_output=True, text=True, check=True
    )
    print(ended.stdout)
    total = RUNS * len(asked)
    assert _number(ended.stdout, "Queries sent") == total
    assert _number(ended.stdout, "Queries completed") == total
    rcodes = re.search(r"Response codes: *(.*)", ended.stdout)
    assert rcodes
    found = {name: int(count) for name, count in re.findall(r"([A-Z]+) (\d+)", rcodes[1])}
    assert found == {rcode: RUNS * n for rcode, n in Counter(r for _, r in asked).items()}
    counters = engine.counters()
    # Over UDP dnsperf asks once, and every query is one datagram.
    assert sum(row[f"queries_{mode}{family}"] for row in counters) == total
    truncated = 0 if mode == "tcp" else RUNS * HOSTS // 10
    assert sum(row["truncated"] for row in counters) == truncated


def _number(output: str, what: str) -> int:
    found = re.search(rf"{what}: *(\d+)", output)
    assert found, output
    return int(found[1])
