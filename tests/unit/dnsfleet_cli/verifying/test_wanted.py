"""What objects ask for, as `verify` takes them."""

from pathlib import Path

from dnsfleet.resources import Reference, documents
from dnsfleet.violations import Violation
from dnsfleet_cli.verifying import wanted
from dnsfleet_cli.verifying.looks import Wanted
from dnsfleet_cli.zone_paths import ZonePaths

HEAD = "apiVersion: dnsfleet.io/v1alpha1\nkind: "
POPS = (
    "Pop\nmetadata: {name: fra, labels: {region: eu}}\n",
    "Pop\nmetadata: {name: iad, labels: {region: us}}\n",
    "Pop\nmetadata: {name: sin, labels: {region: as}}\nspec: {state: Drained}\n",
)
ZONE = """\
Zone
metadata: {name: a, annotations: {dnsfleet.io/approve: 0123456789abcdef}}
spec:
  origin: a.example
  nameServers: [ns1.example.net]
  records: [{name: www, type: A, data: [192.0.2.1]}]
"""
PLACED = """\
Zone
metadata: {name: b}
spec:
  origin: b.example
  nameServers: [ns1.example.net]
  placement: {popSelector: {matchLabels: {region: eu}}}
  zoneFile: {path: b.zone}
"""
WRONG = """\
Zone
metadata: {name: c}
spec:
  origin: c.example
  nameServers: [ns1.example.net]
  records: [{name: www, type: CNAME, data: [x]}, {name: www, type: A, data: [192.0.2.1]}]
"""


def read(*texts: str, unknown: frozenset[Reference] = frozenset()) -> wanted.Resources:
    text = "---\n".join(HEAD + each for each in texts)
    found, violations = documents.load(text, str(Path("all.yaml")))
    assert not violations
    return wanted.read(found, [], ZonePaths(), unknown)


def test_the_pops_that_are_active_are_to_answer() -> None:
    assert read(*POPS).pops == {"fra", "iad"}


def test_a_zone_comes_with_its_pops_and_its_approval() -> None:
    found = read(*POPS, ZONE).zones["a.example."]
    assert found.zone is not None
    assert found.zone.get("www.a.example.", "A") == (300, ["192.0.2.1"])
    assert (found.pops, found.problem, found.approve) == (None, "", "0123456789abcdef")


def test_what_is_wrong_with_a_zone_is_its_problem() -> None:
    assert "CNAME" in read(WRONG).zones["c.example."].problem
    without_file = read(*POPS, PLACED).zones["b.example."]
    assert "b.zone" in without_file.problem
    assert without_file.pops == ("fra",)


def test_a_zone_file_that_only_the_writer_reads_is_no_problem() -> None:
    unknown = frozenset([Reference("Zone", "default", "b")])
    assert read(*POPS, PLACED, unknown=unknown).zones == {"b.example.": Wanted(None, ("fra",))}


def test_an_object_that_cannot_be_read_is_told_with_its_place() -> None:
    refused = [
        Violation("BadSyntax", "not UTF-8", "zones.yaml:3"),
        Violation("Odd", "unusual", "zones.yaml:4", "warning"),
    ]
    found = wanted.read([], refused, ZonePaths())
    assert found.refused == ["zones.yaml:3: not UTF-8 [BadSyntax]"]
