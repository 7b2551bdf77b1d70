"""What the fleet goes on serving when documents are no longer found."""

from pathlib import Path

import pytest
from dnsfleet.crds.rules import RULES
from dnsfleet.resources import Reference
from dnsfleet.resources.documents import Document
from dnsfleet_cli.document_files import DocumentFiles
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up.accepted import Accepted
from dnsfleet_cli.up.last_good import SETTLE_SECONDS, DocumentChanges, LastGood, Update
from dnsfleet_cli.whole_files import BeingWrittenError, Files

ZONE = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: NAME}
spec: {origin: NAME.example, nameServers: [ns.example.net], protect: PROTECT}
"""
POP = "apiVersion: dnsfleet.io/v1alpha1\nkind: Pop\nmetadata: {name: fra}\n"


def zone(name: str, protect: bool = False) -> str:
    return ZONE.replace("NAME", name).replace("PROTECT", str(protect).lower())


class Bench:
    """A folder of documents, and looks at it with a clock of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "manifests"
        self.folder.mkdir()
        self.store = folder / "accepted.db"
        self.now = 0.0
        self.start()

    def start(self) -> None:
        self.files = DocumentFiles([self.folder])
        self.last_good = LastGood(self.store, lambda event: pytest.fail(str(event)))

    def restart(self) -> None:
        self.last_good.close()
        self.start()

    def write(self, name: str, *texts: str) -> None:
        (self.folder / name).write_text("---\n".join(texts))

    def look(self, later: float = 0.0) -> Update:
        self.now += later
        return self.last_good.update(self.files.read(), self.now)

    @property
    def names(self) -> list[str]:
        return sorted(str(d.reference) for d in self.last_good.documents)

    def held(self, name: str) -> Document:
        found = self.last_good.get(Reference("Zone", "default", name))
        assert found is not None
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def reasons(update: Update) -> list[str]:
    return [violation.reason for violation in update.violations]


def test_a_zone_taken_out_of_its_file_is_removed_when_that_has_settled(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"), zone("two"))
    bench.look()
    bench.write("a.yaml", zone("one"))
    assert bench.look().removed == []
    assert bench.last_good.unsettled
    assert bench.names == ["Zone default/one", "Zone default/two"]
    assert bench.look(SETTLE_SECONDS).removed == ["two.example."]
    assert bench.names == ["Zone default/one"]
    assert not bench.last_good.unsettled


def test_a_zone_that_comes_back_in_time_was_never_gone(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"), zone("two"))
    bench.look()
    bench.write("a.yaml", zone("one"))
    bench.look()
    bench.write("a.yaml", zone("one"), zone("two"))
    assert bench.look(SETTLE_SECONDS) == Update([], [])
    bench.write("a.yaml", zone("one"))
    assert bench.look(SETTLE_SECONDS).removed == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "SourceMissing"),
        ("", "SourceBroken"),
        (" \n", "SourceBroken"),
        ("a: [", "SourceBroken"),
        ("kind: Zone", "SourceBroken"),
        ("\N{PILE OF POO}".encode("utf-16"), "SourceBroken"),
    ],
)
def test_a_missing_or_broken_file_removes_nothing(
    bench: Bench, text: str | bytes | None, reason: str
) -> None:
    bench.write("a.yaml", zone("one"))
    bench.look()
    path = bench.folder / "a.yaml"
    if text is None:
        path.unlink()
    else:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for _ in range(3):
        update = bench.look(SETTLE_SECONDS)
        assert update.removed == []
        assert reasons(update) == [reason]
        assert bench.names == ["Zone default/one"]


def test_a_file_with_only_a_comment_says_that_nothing_is_here(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"))
    bench.look()
    bench.write("a.yaml", "# retired\n")
    bench.look()
    assert bench.look(SETTLE_SECONDS).removed == ["one.example."]


def named(first: int, last: int) -> list[str]:
    return [zone(f"n{number:02}") for number in range(first, last)]


CUT = [
    # how many there were, which are still there, what else is there, held
    (30, (0, 21), [], False),
    (30, (0, 20), [], False),
    (30, (0, 19), [], True),
    (40, (0, 29), [], False),
    (11, (0, 1), [], False),
    (11, (0, 0), ["# retired\n"], True),
    (10, (0, 0), ["# retired\n"], False),
    (20, (0, 0), [zone(f"m{number}") for number in range(20)], True),
    (20, (0, 9), [POP], True),
]


@pytest.mark.parametrize(("before", "kept", "more", "held"), CUT)
def test_a_file_that_lost_most_of_its_documents_removes_nothing_until_it_says_so(
    bench: Bench, before: int, kept: tuple[int, int], more: list[str], held: bool
) -> None:
    bench.write("a.yaml", *named(0, before))
    bench.look()
    bench.write("a.yaml", *named(*kept), *more)
    bench.look()
    lost = [f"n{number:02}.example." for number in range(kept[1], before)]
    update = bench.look(SETTLE_SECONDS)
    if not held:
        assert (update.removed, reasons(update)) == (lost, [])
        return
    assert update.removed == []
    assert not bench.last_good.unsettled
    bench.last_good.save({})
    bench.restart()
    bench.look()
    again = bench.look(SETTLE_SECONDS)
    assert again.removed == []
    (told,) = again.violations
    assert (told.reason, told.where) == ("UnsafePlan", f"{bench.folder}/a.yaml:1")
    assert f"{len(lost)} of " in told.message
    assert f"Zone default/n{kept[1]:02}, " in told.message
    comment = told.message.partition("comment into the file: ")[2]
    other = f"{comment[:-1]}{'0' if comment[-1] != '0' else '1'}\n"
    bench.write("a.yaml", *named(*kept), *more, other)
    bench.look()
    assert bench.look(SETTLE_SECONDS).removed == []
    bench.write("a.yaml", f"{comment}\n" + "---\n".join([*named(*kept), *more]))
    bench.look()
    assert bench.look(SETTLE_SECONDS).removed == lost


def test_documents_that_move_to_another_file_are_not_lost(bench: Bench) -> None:
    bench.write("a.yaml", *named(0, 30))
    bench.look()
    bench.write("a.yaml", *named(0, 10))
    bench.look()
    assert reasons(bench.look(60)) == ["UnsafePlan"]
    bench.write("b.yaml", *named(10, 30))
    update = bench.look(60)
    assert (update.violations, update.removed) == ([], [])
    assert len(bench.names) == 30


def test_a_protected_zone_is_kept(bench: Bench) -> None:
    bench.write("a.yaml", zone("one", protect=True), POP)
    bench.look()
    bench.write("a.yaml", POP)
    bench.look()
    update = bench.look(SETTLE_SECONDS)
    assert update.removed == []
    assert [str(violation) for violation in update.violations] == [
        f"{bench.folder}/a.yaml:1: warning: Zone default/one is kept: it was protected; "
        "put it back with protect: false first [Protected]"
    ]


def test_a_zone_may_move_to_another_file_and_another_name(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"))
    bench.look()
    bench.write("a.yaml", "# moved\n")
    bench.write("b.yaml", zone("one").replace("name: one", "name: other"))
    assert bench.look(SETTLE_SECONDS).removed == []
    assert bench.look(SETTLE_SECONDS) == Update([], [])
    assert bench.names == ["Zone default/other"]


def test_good_documents_survive_a_restart_beside_a_broken_file(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"), POP)
    bench.look()
    bench.last_good.save({})
    bench.write("a.yaml", "kind: [")
    bench.restart()
    assert reasons(bench.look()) == ["SourceBroken"]
    assert bench.names == ["Zone default/one"]  # Pops are not kept: each run is told its own
    bench.write("a.yaml", POP)
    bench.look()
    assert bench.look(SETTLE_SECONDS).removed == ["one.example."]


def test_the_good_version_is_saved_in_place_of_the_newest(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"))
    bench.look()
    good = {document.reference: document for document in bench.last_good.documents}
    bench.write("a.yaml", zone("one").replace("ns.example.net", "bad.example.net"))
    bench.look()
    bench.last_good.save(good)
    bench.write("a.yaml", "kind: [")
    bench.restart()
    assert "bad" not in bench.last_good.documents[0].resource.model_dump_json()


def changed(update: Update) -> list[str]:
    return sorted(document.reference.name for document in update.documents.changed)


def test_a_look_hands_on_what_it_changed(bench: Bench) -> None:
    for number in range(20):
        bench.write(f"{number}.yaml", zone(f"z{number}"))
    assert len(changed(bench.look())) == 20
    before = bench.last_good.documents
    assert bench.look().documents == DocumentChanges()
    bench.write("7.yaml", zone("z7", protect=True))
    assert changed(bench.look()) == ["z7"]
    after = bench.last_good.documents
    assert [a.reference.name for a, b in zip(after, before, strict=True) if a is not b] == ["z7"]
    bench.write("7.yaml", zone("z7"))
    bench.write("8.yaml", "# retired\n")
    assert changed(bench.look()) == ["z7"]
    update = bench.look(SETTLE_SECONDS)
    assert update.documents == DocumentChanges((), frozenset({Reference("Zone", "default", "z8")}))
    assert update.removed == ["z8.example."]


def test_a_document_of_a_changed_file_that_is_the_same_stays_the_same_object(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"), zone("two"))
    bench.look()
    one, _ = bench.last_good.documents
    bench.write("a.yaml", zone("one"), zone("two", protect=True))
    assert changed(bench.look()) == ["two"]
    assert bench.last_good.documents[0] is one


def test_what_is_kept_from_an_earlier_run_is_handed_on_once(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"))
    bench.look()
    bench.last_good.save({})
    (bench.folder / "a.yaml").unlink()
    bench.restart()
    assert changed(bench.look()) == ["one"]
    assert changed(bench.look()) == []


def test_the_second_of_two_documents_takes_the_place_of_the_first(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"))
    bench.write("b.yaml", zone("one", protect=True))
    bench.look()
    bench.write("a.yaml", "# moved\n")
    update = bench.look()
    assert (changed(update), update.violations) == (["one"], [])
    assert bench.last_good.documents[0].path == str(bench.folder / "b.yaml")
    bench.write("a.yaml", zone("one"))
    assert reasons(bench.look()) == ["DuplicateResource"]
    assert bench.last_good.documents[0].path == str(bench.folder / "a.yaml")


def test_a_save_writes_what_changed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[list[str]] = []
    write = Accepted.write

    def noted(self: Accepted, put: list[Document], removed: list[Reference]) -> None:
        written.append([*(d.reference.name for d in put), *(f"-{r.name}" for r in removed)])
        write(self, put, removed)

    monkeypatch.setattr(Accepted, "write", noted)
    bench.write("a.yaml", zone("one"), zone("two"), POP)
    bench.write("b.yaml", zone("three"))
    bench.look()
    bench.last_good.save({})
    bench.last_good.save({})
    bench.write("b.yaml", zone("three", protect=True))
    bench.look()
    bench.last_good.save({})
    bench.write("a.yaml", zone("one"), POP)
    bench.look()
    bench.last_good.save({})
    bench.look(SETTLE_SECONDS)
    bench.last_good.save({})
    bench.restart()
    bench.look()
    bench.last_good.save({})
    assert [sorted(names) for names in written] == [["one", "three", "two"], ["three"], ["-two"]]


def test_a_version_that_has_become_good_is_saved(bench: Bench) -> None:
    """A change of one document can make another one good."""
    bench.write("a.yaml", zone("one"))
    bench.look()
    (old,) = bench.last_good.documents
    bench.write("a.yaml", zone("one", protect=True))
    bench.look()
    (new,) = bench.last_good.documents
    bench.last_good.save({old.reference: old})
    bench.last_good.save({new.reference: new}, [new.reference])
    bench.restart()
    (restored,) = bench.last_good.documents
    assert restored.resource == new.resource


def test_pops_come_in_the_order_of_files_and_kept_ones_last(bench: Bench) -> None:
    def pop(name: str) -> str:
        return POP.replace("fra", name)

    bench.write("b.yaml", pop("b2"), pop("b1"))
    bench.write("c.yaml", pop("c"))
    bench.look()
    bench.write("a.yaml", pop("a"))
    (bench.folder / "b.yaml").unlink()
    bench.look()
    assert [pop.metadata.name for pop in bench.last_good.pops] == ["a", "c", "b2", "b1"]


def test_files_of_tools_and_other_suffixes_are_not_manifests(bench: Bench) -> None:
    (bench.folder / ".git").mkdir()
    bench.write(".git/a.yaml", zone("one"))
    bench.write("a.txt", zone("two"))
    (bench.folder / "below").mkdir()
    bench.write("below/a.yml", zone("three"))
    bench.look()
    assert bench.names == ["Zone default/three"]


def test_the_same_resource_in_two_files_counts_once(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"))
    bench.write("b.yaml", zone("one"))
    assert [str(violation) for violation in bench.look().violations] == [
        f"{bench.folder}/b.yaml:1: Zone default/one is already in {bench.folder}/a.yaml:1; "
        "remove one [DuplicateResource]"
    ]


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Trouble) as caught:
        DocumentFiles([tmp_path / "none"])
    assert str(caught.value) == f"{tmp_path}/none: no such file or folder"


def test_an_edited_origin_is_refused_and_the_old_zone_stays(bench: Bench) -> None:
    """As in a cluster, where the CRD says that the origin is immutable."""
    bench.write("a.yaml", zone("one"))
    bench.look()
    edited = zone("one").replace("one.example", "uno.example")
    bench.write("a.yaml", edited)
    update = bench.look(SETTLE_SECONDS)
    assert list(map(str, update.violations)) == [
        f"{bench.folder}/a.yaml:4: spec.origin: origin is immutable: Zone default/one stays the "
        "zone one.example; give the Zone of uno.example another name, or take this one out of the "
        "file first [Immutable]"
    ]
    assert (update.removed, update.documents) == ([], DocumentChanges())
    assert bench.held("one").resource.origin == "one.example."
    bench.write("a.yaml", zone("one"))
    assert bench.look() == Update([], [])


def test_an_origin_that_was_edited_between_two_runs_is_refused_too(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"))
    bench.look()
    bench.last_good.save({})
    bench.restart()
    bench.write("a.yaml", zone("one").replace("one.example", "uno.example"))
    assert reasons(bench.look()) == ["Immutable"]
    assert bench.held("one").resource.origin == "one.example."


def test_another_origin_is_taken_after_the_zone_was_removed(bench: Bench) -> None:
    bench.write("a.yaml", zone("one"))
    bench.look()
    bench.write("a.yaml", "# moving\n")
    bench.look()
    assert bench.look(SETTLE_SECONDS).removed == ["one.example."]
    bench.write("a.yaml", zone("one").replace("one.example", "uno.example"))
    assert bench.look().violations == []
    assert bench.held("one").resource.origin == "uno.example."


def test_another_spelling_of_the_origin_is_refused_too(bench: Bench) -> None:
    """The API server compares texts."""
    bench.write("a.yaml", zone("one"))
    bench.look()
    bench.write("a.yaml", zone("one").replace("one.example", "ONE.example."))
    (violation,) = bench.look().violations
    assert violation.message.endswith("stays the zone one.example; write one.example as before")


def test_nothing_else_is_immutable_in_a_cluster() -> None:
    immutable = [
        (model, rule.field)
        for model, rules in RULES.items()
        for rule in rules
        if "oldSelf" in rule.rule
    ]
    assert immutable == [("ZoneSpec", "origin")]


class Written(Files):
    """Files that are all half written."""

    def read(self, path: Path) -> bytes:
        raise BeingWrittenError(path)


def test_at_a_start_beside_a_file_that_is_being_written_its_documents_are_kept(
    bench: Bench,
) -> None:
    """Nobody knows what it will say: nothing of it is missing."""
    bench.write("a.yaml", zone("one"), zone("two"))
    bench.look()
    bench.last_good.save({})
    bench.restart()
    bench.write("a.yaml", zone("one"))
    bench.files = DocumentFiles([bench.folder], Written())
    for _ in range(3):
        assert bench.look(SETTLE_SECONDS).violations == []
    assert bench.names == ["Zone default/one", "Zone default/two"]
    bench.files = DocumentFiles([bench.folder])
    bench.look()
    assert bench.look(SETTLE_SECONDS).removed == ["two.example."]
