"""Documents from texts: what is read, and the exact place and words of each fault."""

import pytest
from dnsfleet.resources import Zone, documents
from dnsfleet.violations import Violation

POP = """apiVersion: dnsfleet.io/v1alpha1
kind: Pop
metadata:
  name: {name}
spec:
  state: Active
"""

ZONE = """apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata:
  name: example-com
spec:
  origin: example.com
  nameServers: [ns1.example.net]
  records:
    - name: www
      type: A
      data: ["192.0.2.1"]
    - {name: mail, type: MX, data: [10 mail]}
"""


def test_documents_keep_their_order_and_lines() -> None:
    text = "# a comment\n---\n" + POP.format(name="fra") + "---\n" + POP.format(name="iad")
    found, violations = documents.load(text, "pops.yaml")
    assert violations == []
    assert [(str(document.reference), document.line) for document in found] == [
        ("Pop fra", 3),
        ("Pop iad", 10),
    ]


def test_empty_documents_are_no_documents() -> None:
    assert documents.load("", "a.yaml") == ([], [])
    assert documents.load("---\n# nothing\n---\n", "a.yaml") == ([], [])


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("spec.records[0].data[0]", 11),
        ("spec.records[1]", 12),
        ("spec.records[1].ttl", 12),
        ("spec.records[7].ttl", 8),
        ("spec.soa.rname", 5),
        ("status", 1),
        ("", 1),
    ],
)
def test_locate_gives_the_closest_line(path: str, line: int) -> None:
    (document,), _ = documents.load(ZONE, "zone.yaml")
    assert document.locate(path) == line


def test_one_bad_document_hides_no_other() -> None:
    parts = [POP.format(name="fra"), "a: [\n", POP.format(name="iad"), "kind: Pop\n", ZONE]
    found, violations = documents.load("---\n".join(parts), "fleet.yaml")
    assert [str(document.reference) for document in found] == [
        "Pop fra",
        "Pop iad",
        "Zone default/example-com",
    ]
    assert [violation.where for violation in violations] == [
        "fleet.yaml:9:1",
        "fleet.yaml:17: apiVersion",
    ]


def test_dates_stay_text() -> None:
    dates = "creationTimestamp: 2026-01-02T03:04:05Z\n  annotations: {d: 2026-01-02}"
    text = POP.format(name=f"fra\n  {dates}")
    (document,), violations = documents.load(text, "pop.yaml")
    assert violations == []
    assert document.resource.metadata.creation_timestamp == "2026-01-02T03:04:05Z"
    assert document.resource.metadata.annotations == {"d": "2026-01-02"}


FAULTS = [
    # the text, what is replaced by what, and the line that people read
    (
        "state: Active",
        "state: Actve",
        'pop.yaml:6: spec.state: found the text "Actve", allowed: Active, Drained; '
        'did you mean "Active"? [BadValue]',
    ),
    (
        "state: Active",
        "sate: Active",
        'pop.yaml:6: spec.sate: there is no field "sate" here; allowed: cluster, location, state, '
        'edge, service, replica; did you mean "state"? [UnknownField]',
    ),
    (
        "state: Active",
        "edge: {shards: 1h}",
        'pop.yaml:6: spec.edge.shards: found the text "1h", a whole number is wanted; write '
        "seconds: 3600 [WrongType]",
    ),
    (
        "state: Active",
        'edge: {shards: "2"}',
        'pop.yaml:6: spec.edge.shards: found the text "2", a whole number is wanted; remove the '
        "quotes [WrongType]",
    ),
    (
        "state: Active",
        "edge: {shards: 0}",
        "pop.yaml:6: spec.edge.shards: found the number 0, at least 1 is allowed [BadValue]",
    ),
    (
        "state: Active",
        "edge: [1]",
        "pop.yaml:6: spec.edge: found a list, a mapping is wanted [WrongType]",
    ),
    (
        "state: Active",
        "location: {country: NO}",
        "pop.yaml:6: spec.location.country: found the value false, text is wanted; YAML reads a "
        "bare y, n, yes, no, on, off as true or false: put it in quotes [WrongType]",
    ),
    (
        "state: Active",
        "location: {country: de}",
        'pop.yaml:6: spec.location.country: found the text "de", which is not in upper case; write '
        '"DE" [BadValue]',
    ),
    (
        "  name: fra",
        "  labels: {a: 1}",
        "pop.yaml:4: metadata.labels.a: found the number 1, text is wanted; put it in quotes "
        "[WrongType]",
    ),
    (
        "  name: fra",
        "  name: fra.west",
        "pop.yaml:4: metadata.name: a Pop's name is one label of at most 40 characters, without "
        "dots [BadValue]",
    ),
    (
        "  state: Active",
        "  state: Active\n  state: Drained",
        'pop.yaml:7: "state" is already in line 6; remove one of them [DuplicateField]',
    ),
    (
        "kind: Pop",
        "kind: Pods",
        "pop.yaml:2: kind: found kind Pods, allowed: ConfigMap, Namespace, Pop, RecordSet, Secret, "
        "TsigKey, Zone, ZoneClass [UnknownKind]",
    ),
    (
        "v1alpha1",
        "v1",
        "pop.yaml:1: apiVersion: found apiVersion dnsfleet.io/v1; Pop is of dnsfleet.io/v1alpha1 "
        "[UnknownKind]",
    ),
    (
        "state: Active",
        "state: [Active",
        "pop.yaml:7:1: bad YAML: did not find expected ',' or ']' [BadSyntax]",
    ),
    (
        "state: Active",
        "? [state]\n  : Active",
        "pop.yaml:6: only text can be a key here; put it in quotes [BadSyntax]",
    ),
    (
        "state: Active",
        "~: Active",
        "pop.yaml:6: only text can be a key here; put it in quotes [BadSyntax]",
    ),
    (
        "state: Active",
        "<<: Active",
        "pop.yaml:6: only mappings can be merged by << [BadSyntax]",
    ),
    (
        "state: Active",
        "state: .inf",
        "pop.yaml:6: bad YAML: .inf is no number that JSON can express [BadSyntax]",
    ),
    (
        "state: Active",
        "state: Active\n---  {kind: Pop}",
        "pop.yaml:7: bad YAML: only a comment can follow --- in its line [BadSyntax]",
    ),
    (
        "  name: fra",
        "  labels: {a: null}",
        "pop.yaml:4: metadata.labels.a: found nothing, text is wanted [WrongType]",
    ),
    (
        "state: Active",
        "location: {region: y}",
        "pop.yaml:6: spec.location.region: found the value true, text is wanted; YAML reads a "
        "bare y, n, yes, no, on, off as true or false: put it in quotes [WrongType]",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), FAULTS)
def test_faults_name_place_and_remedy(old: str, new: str, expected: str) -> None:
    text = POP.format(name="fra").replace(old, new)
    found, violations = documents.load(text, "pop.yaml")
    assert expected in [str(violation) for violation in violations]
    assert len(found) == ("---" in new)


def test_a_document_that_is_no_mapping() -> None:
    assert documents.load("- 1\n", "a.yaml")[1] == [
        Violation("BadSyntax", "the document is no mapping", "a.yaml:1")
    ]


def test_aliases_cannot_unfold_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    _, (violation,) = documents.load("\n".join(lines), "bomb.yaml")
    assert violation.reason == "TooLarge"


def test_an_alias_to_itself_ends() -> None:
    _, (violation,) = documents.load("a: &a [*a]\n", "loop.yaml")
    assert violation.reason == "TooLarge"


def test_the_same_object_twice() -> None:
    first, _ = documents.load(POP.format(name="fra"), "a.yaml")
    second, _ = documents.load(POP.format(name="fra"), "b.yaml")
    kept, violations = documents.distinct([*first, *second])
    assert kept == first
    assert violations == [
        Violation("DuplicateResource", "Pop fra is already in a.yaml:1; remove one", "b.yaml:1")
    ]


def test_place_turns_references_into_lines() -> None:
    found, _ = documents.load("\n" + ZONE, "zone.yaml")
    reference = "Zone default/example-com"
    violations = [
        Violation("R", "m", f"{reference}: spec.records[0].data[0]"),
        Violation("R", "m", f"{reference}: spec.records:3"),
        Violation("R", "m", reference),
        Violation("R", "m", "big.zone:17"),
        Violation("R", "m", "Zone default/other: spec"),
    ]
    assert [violation.where for violation in documents.place(violations, found)] == [
        "zone.yaml:12: spec.records[0].data[0]",
        "zone.yaml:12: spec.records:3",
        "zone.yaml:2",
        "big.zone:17",
        "Zone default/other: spec",
    ]


@pytest.mark.parametrize("value", ["!!int ", "!!bool maybe", "!!float ", "!!binary é", "!own 1"])
def test_a_value_that_is_not_what_its_tag_says_is_told(value: str) -> None:
    found, [violation] = documents.load(f"spec:\n  ttl: {value}", "zone.yaml")
    assert found == []
    assert (violation.reason, violation.where) == ("BadSyntax", "zone.yaml:2")
    assert violation.message.startswith("bad YAML: ")


LIST = """\
apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- apiVersion: dnsfleet.io/v1alpha1
  kind: Zone
  metadata: {name: one, creationTimestamp: null, labels: null}
  spec:
    origin: one.example
    nameServers: [ns1.example.net]
    soa:
    ttl: 60.0
    records:
    - {name: www, type: A, ttl: 1e3, data: ["192.0.2.1"]}
  status: {}
- apiVersion: dnsfleet.io/v1alpha1
  kind: Pop
  metadata: {name: fra}
  spec: {state: Actve}
- text
"""


def test_the_items_of_a_list_are_documents_with_their_own_lines() -> None:
    (document,), violations = documents.load("---\n" + LIST, "list.yaml")
    zone = document.resource
    assert isinstance(zone, Zone)
    assert (zone.spec.ttl, zone.spec.soa, zone.metadata.labels) == (60, None, {})
    assert zone.spec.records is not None
    assert zone.spec.records[0].ttl == 1000
    assert (document.line, document.locate("spec.records[0].data[0]")) == (6, 15)
    assert [violation.where for violation in violations] == [
        "list.yaml:20: spec.state",
        "list.yaml:21: kind",
    ]


def test_the_items_of_a_list_of_one_kind_need_no_kind() -> None:
    text = "apiVersion: dnsfleet.io/v1alpha1\nkind: PopList\nitems: [{metadata: {name: fra}}]\n"
    (document,), violations = documents.load(text, "pops.yaml")
    assert (str(document.reference), violations) == ("Pop fra", [])


def test_what_is_merged_has_the_line_where_it_is_written() -> None:
    text = ZONE.replace("name: www", "<<: &shared {name: www, ttl: 60}").replace(
        "{name: mail,", "{<<: *shared, name: mail,"
    )
    (document,), _ = documents.load(text, "zone.yaml")
    assert isinstance(document.resource, Zone)
    records = document.resource.spec.records or ()
    assert [(record.name, record.ttl) for record in records] == [("www", 60), ("mail", 60)]
    assert document.locate("spec.records[1].ttl") == 9


def test_a_required_field_without_a_value_is_missing() -> None:
    text = POP.format(name="fra").replace("name: fra", "name: null")
    _, violations = documents.load(text, "pop.yaml")
    assert list(map(str, violations)) == [
        "pop.yaml:4: metadata.name: this field is required [MissingField]"
    ]


def test_two_anchors_of_one_name_are_told() -> None:
    (violation,) = documents.load("a: &x 1\nb: &x 2\n", "a.yaml")[1]
    assert violation.message.startswith("bad YAML: found duplicate anchor")
