"""From files to what is to be published, and how much of it a change touches."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet.resources import Reference
from dnsfleet_cli.document_files import DocumentFiles
from dnsfleet_cli.up.desired import DesiredReader
from dnsfleet_cli.up.events import Event, Rejected, Warned
from dnsfleet_cli.up.last_good import DocumentChanges
from dnsfleet_publisher.last_good import Assembled
from support.up_runs import pops, zone

NAMES = [f"zone{number}" for number in range(20)]

FILED = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: filed}
spec: {origin: filed.example, zoneFile: {path: filed.zone}}
"""
MASTER = """\
@ 300 SOA ns hostmaster 1 7200 900 1209600 300
@ 300 NS ns1.example.net.
www 300 A ADDRESS
"""
TEAM = """\
apiVersion: dnsfleet.io/v1alpha1
kind: RecordSet
metadata: {name: team}
spec: {zoneRef: {name: zone7}, records: [{name: NAME, type: A, data: [192.0.2.1]}]}
"""


class Folder:
    """Files of 21 zones, read once, and what each later look found different."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root / "manifests"
        self.root.mkdir()
        for name in NAMES:
            self.write(f"{name}.yaml", zone(name, "192.0.2.1"))
        self.write("pops.yaml", pops("fra", "iad"))
        self.write("filed.yaml", FILED)
        self.write("filed.zone", MASTER.replace("ADDRESS", "192.0.2.1"))
        self.told: list[Event] = []
        self.assembled: list[DocumentChanges] = []
        self.store = root / "accepted.db"
        assemble = DesiredReader._assemble

        def noted(reader: DesiredReader, found: DocumentChanges) -> None:
            self.assembled.append(found)
            assemble(reader, found)

        monkeypatch.setattr(DesiredReader, "_assemble", noted)
        self.start()

    def start(self) -> None:
        self.reader = DesiredReader(DocumentFiles([self.root]), self.store, self.told.append)
        self.reader.look(None)
        self.publish()

    def restart(self) -> None:
        self.reader.save()
        self.reader.close()
        self.start()

    def publish(self) -> None:
        """Take the work out, as the publication does."""
        self.reader.desired.unpublished.clear()
        self.assembled.clear()

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(text)
        return path

    def look(self, *changed: Path) -> set[str]:
        """Look; what is to be published. The look itself assembles it."""
        self.publish()
        self.reader.look(set(changed))
        return self.reader.desired.unpublished

    @property
    def handed(self) -> list[list[str]]:
        """The documents of each round of assembling."""
        return [[d.reference.name for d in found.changed] for found in self.assembled]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    folder = Folder(tmp_path, monkeypatch)
    yield folder
    folder.reader.close()


def test_a_change_of_a_zone_touches_that_zone(folder: Folder) -> None:
    before = dict(folder.reader.desired.zones)
    path = folder.write("zone7.yaml", zone("zone7", "192.0.2.2"))
    assert folder.look(path) == {"zone7.example."}
    assert folder.handed == [["zone7"]]
    after = folder.reader.desired.zones
    assert {origin for origin in after if after[origin] is not before[origin]} == {"zone7.example."}


def test_where_nothing_changed_nothing_is_assembled(folder: Folder) -> None:
    same = folder.write("zone7.yaml", zone("zone7", "192.0.2.1"))
    assert folder.look(same) == set()
    assert folder.look() == set()
    folder.reader.look(None)
    assert folder.handed == []


def test_a_zone_file_hands_on_its_zone(folder: Folder) -> None:
    path = folder.write("filed.zone", MASTER.replace("ADDRESS", "192.0.2.2"))
    assert folder.look(path) == {"filed.example."}
    assert folder.handed == [["filed"]]


def test_a_record_set_touches_the_zone_that_it_adds_to(folder: Folder) -> None:
    path = folder.write("team.yaml", TEAM.replace("NAME", "team"))
    assert folder.look(path) == {"zone7.example."}
    assert folder.handed == [["team"]]


def test_another_pop_touches_every_zone_and_comes_in_order(folder: Folder) -> None:
    path = folder.write("more.yaml", pops("ams"))
    assert len(folder.look(path)) == len(NAMES) + 1
    assert [pop.metadata.name for pop in folder.reader.desired.pops] == ["ams", "fra", "iad"]


def test_a_zone_that_left_its_file_is_removed_and_not_published(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnsfleet_cli.up.last_good.SETTLE_SECONDS", 0.0)
    path = folder.write("zone7.yaml", "# retired\n")
    assert folder.look(path) == set()
    assert [found.removed for found in folder.assembled] == [
        {Reference("Zone", "default", "zone7")}
    ]
    assert folder.reader.desired.removals == {"zone7.example."}
    assert "zone7.example." not in folder.reader.desired.zones
    path.write_text(zone("zone7", "192.0.2.1"))
    assert folder.look(path) == {"zone7.example."}
    assert folder.reader.desired.removals == set()


def test_what_a_zone_may_not_mean_is_told_once_with_the_line_of_its_file(folder: Folder) -> None:
    text = MASTER.replace("ADDRESS", "192.0.2.1") + "mail 300 CNAME gone\n"
    path = folder.write("filed.zone", text)
    assert folder.look(path) == {"filed.example."}
    (told,) = folder.told
    assert isinstance(told, Warned)
    assert (told.where, told.reason) == (f"{path}:4", "MissingTarget")
    folder.look(folder.write("zone7.yaml", zone("zone7", "192.0.2.2")))
    assert folder.told == [told]


def test_what_is_wrong_with_a_zone_is_told_once_and_at_its_place(folder: Folder) -> None:
    bad = zone("zone7", "192.0.2.1") + "    - {name: www, type: CNAME, data: [other]}\n"
    path = folder.write("zone7.yaml", bad)
    folder.look(path)
    (told,) = folder.told
    assert isinstance(told, Rejected)
    assert told.where.startswith(f"{path}:")
    folder.look(folder.write("zone8.yaml", zone("zone8", "192.0.2.2")))
    folder.reader.look(None)
    assert folder.told == [told]
    folder.look(folder.write("zone7.yaml", zone("zone7", "192.0.2.2")))
    folder.look(folder.write("zone7.yaml", bad))
    assert folder.told == [told, told]


def test_a_record_set_that_its_zone_came_to_allow_is_good_in_the_next_run(folder: Folder) -> None:
    """A version that became good without a change of its own is saved too."""
    allowed = zone("zone7", "192.0.2.1") + "  recordSets: {names: [NAME]}\n"
    path = folder.write("zone7.yaml", allowed.replace("NAME", "first"))
    team = folder.write("team.yaml", TEAM.replace("NAME", "first"))
    folder.look(path, team)
    folder.reader.save()
    folder.look(folder.write("team.yaml", TEAM.replace("NAME", "second")))
    folder.reader.save()
    folder.look(folder.write("zone7.yaml", allowed.replace("NAME", "second")))
    folder.write("team.yaml", "kind: [")
    folder.restart()
    (record_set,) = folder.reader.desired.zones["zone7.example."].record_sets
    assert record_set.spec.rrsets[0].name == "second"


def digest(assembled: Assembled) -> bytes:
    assert assembled.zone is not None
    return assembled.zone.digest


CLASS = """\
apiVersion: dnsfleet.io/v1alpha1
kind: ZoneClass
metadata: {name: strict}
spec: {suffixes: [example], types: [TXT]}
"""


def test_a_class_refuses_what_is_new_and_leaves_what_is_served(folder: Folder) -> None:
    class_file = folder.write("class.yaml", CLASS)
    assert len(folder.look(class_file)) == len(NAMES) + 1
    zones = folder.reader.desired.zones
    assert all(each.zone is not None for each in zones.values())
    assert all(found.severity == "warning" for each in zones.values() for found in each.violations)
    before, other = digest(zones["zone7.example."]), digest(zones["zone8.example."])
    path = folder.write("team.yaml", TEAM.replace("NAME", "team"))
    folder.look(path)
    assert digest(zones["zone7.example."]) == before
    assert any(isinstance(each, Rejected) and "type A" in str(each) for each in folder.told)
    folder.write("new.yaml", zone("new", "192.0.2.1"))
    folder.look(folder.root / "new.yaml")
    assert zones["new.example."].zone is None
    folder.restart()
    assert digest(folder.reader.desired.zones["zone8.example."]) == other
