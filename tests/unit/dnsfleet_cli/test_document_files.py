"""What a look at files of documents costs, and that it misses no change."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dnsfleet.resources import documents
from dnsfleet_cli.document_files import DocumentFile, DocumentFiles, FileChanges
from dnsfleet_cli.whole_files import BeingWrittenError, Files
from support.up_runs import pops

NAMES = [f"{number:02}.yaml" for number in range(20)]
LONG_AGO_NS = 10**18


class Folder:
    """A folder of documents, and which files the last look read and parsed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        for name in NAMES:
            self.write(name, pops(f"pop-{Path(name).stem}"))
        self.files = DocumentFiles([root])
        self.read: list[str] = []
        self.parsed: list[str] = []

    def write(self, name: str, text: str, ns: int = LONG_AGO_NS) -> Path:
        """Put a text in place with a time stamp."""
        path = self.root / name
        path.write_text(text)
        os.utime(path, ns=(ns, ns))
        return path

    def look(self, *changed: Path) -> list[str]:
        """Names of the files that differ; a minus stands before those that are gone."""
        return self._look(set(changed))

    def look_at_all(self) -> list[str]:
        return self._look(None)

    def _look(self, changed: set[Path] | None) -> list[str]:
        self.read.clear()
        self.parsed.clear()
        found = self.files.read(changed)
        return [*(file.path.name for file in found.read), *(f"-{path.name}" for path in found.gone)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    folder = Folder(tmp_path / "manifests")
    read_bytes, load = Path.read_bytes, documents.load

    def noted_read(path: Path) -> bytes:
        folder.read.append(path.name)
        return read_bytes(path)

    def noted_load(text: str, path: str) -> object:
        folder.parsed.append(Path(path).name)
        return load(text, path)

    monkeypatch.setattr(Path, "read_bytes", noted_read)
    monkeypatch.setattr(documents, "load", noted_load)
    assert folder.look_at_all() == NAMES
    assert folder.parsed == NAMES
    return folder


def test_a_look_at_what_changed_reads_that_alone(folder: Folder) -> None:
    path = folder.write("07.yaml", pops("other"))
    assert folder.look(path) == ["07.yaml"]
    assert (folder.read, folder.parsed) == (["07.yaml"], ["07.yaml"])
    assert folder.look() == []
    assert folder.read == []


def test_a_look_at_all_reads_only_what_has_another_stamp(folder: Folder) -> None:
    assert folder.look_at_all() == []
    assert folder.read == []
    folder.write("07.yaml", pops("other"), LONG_AGO_NS + 1)
    assert folder.look_at_all() == ["07.yaml"]
    assert (folder.read, folder.parsed) == (["07.yaml"], ["07.yaml"])


def test_a_file_with_the_same_bytes_is_not_parsed_again(folder: Folder) -> None:
    path = folder.write("07.yaml", pops("pop-07"), LONG_AGO_NS + 1)
    assert folder.look(path) == []
    assert folder.look_at_all() == []
    assert folder.parsed == []


def test_a_stamp_that_is_young_proves_nothing(folder: Folder) -> None:
    now = time.time_ns()
    folder.write("07.yaml", pops("one"), now)
    assert folder.look_at_all() == ["07.yaml"]
    # In the same tick of the clock, and of the same length.
    folder.write("07.yaml", pops("two"), now)
    assert folder.look_at_all() == ["07.yaml"]


def test_a_changed_path_counts_whatever_its_stamp_says(folder: Folder) -> None:
    path = folder.write("07.yaml", pops("pop-17"))
    assert folder.look_at_all() == []
    assert folder.look(path) == ["07.yaml"]


def test_files_come_and_go(folder: Folder) -> None:
    new = folder.write("20.yaml", pops("new"))
    gone = folder.root / "07.yaml"
    gone.unlink()
    assert folder.look(new, gone) == ["20.yaml", "-07.yaml"]
    new.unlink()
    assert folder.look_at_all() == ["-20.yaml"]


def test_what_other_programs_leave_behind_costs_nothing(folder: Folder) -> None:
    editor, hidden = folder.write("07.yaml.new", "a"), folder.root / ".git"
    hidden.mkdir()
    inside = folder.write(".git/a.yaml", pops("inside"))
    assert folder.look(editor, hidden, inside, folder.root / "was-here.tmp") == []
    assert folder.read == []


def test_a_folder_that_is_moved_in_brings_its_files(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "aside").mkdir()
    (tmp_path / "aside/a.yaml").write_text(pops("a"))
    moved = (tmp_path / "aside").rename(folder.root / "moved.yaml")
    assert folder.look(moved) == ["a.yaml"]


def test_files_behind_a_link_change_when_the_link_does(folder: Folder) -> None:
    for version in ("one", "two"):
        (folder.root / f"..{version}").mkdir()
        folder.write(f"..{version}/linked.yaml", pops(version))
    link = folder.root / "..data"
    link.symlink_to("..one")
    (folder.root / "linked.yaml").symlink_to("..data/linked.yaml")
    assert folder.look(link, folder.root / "linked.yaml") == ["linked.yaml"]
    (folder.root / "..next").symlink_to("..two")
    (folder.root / "..next").rename(link)
    assert folder.look(link) == ["linked.yaml"]


def test_a_single_file_is_looked_at_through_its_link(tmp_path: Path) -> None:
    for version in ("one", "two"):
        (tmp_path / version).write_text(pops(version))
    link = tmp_path / "fleet"
    link.symlink_to("one")
    files = DocumentFiles([link])
    assert len(files.read().read) == 1
    link.unlink()
    link.symlink_to("two")
    (file,) = files.read(set()).read
    assert file.documents[0].reference.name == "two"


def test_paths_relative_to_the_working_directory_are_known_by_their_absolute_ones(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = DocumentFiles([Path("manifests")])
    files.read()
    (file,) = files.read({folder.write("07.yaml", pops("other"))}).read
    assert file.path == Path("manifests/07.yaml")


def test_a_file_that_two_arguments_name_counts_once(folder: Folder) -> None:
    files = DocumentFiles([folder.root / "07.yaml", folder.root])
    assert [file.path.name for file in files.read().read] == ["07.yaml", *NAMES[:7], *NAMES[8:]]
    (file,) = files.read({folder.write("07.yaml", pops("other"))}).read
    assert file.rank[0] == 0


def test_a_folder_that_is_gone_takes_its_files_along(folder: Folder) -> None:
    moved = folder.root.rename(folder.root.with_name("moved"))
    assert folder.look(folder.root) == [f"-{name}" for name in NAMES]
    moved.rename(folder.root)
    assert folder.look(folder.root) == NAMES


def test_violations_are_those_of_the_newest_look(folder: Folder) -> None:
    def wheres() -> list[str]:
        return [
            Path(violation.where.partition(":")[0]).name for violation in folder.files.violations
        ]

    bad, worse = folder.write("07.yaml", "kind: ["), folder.write("03.yaml", "")
    assert folder.look(bad, worse) == ["03.yaml", "07.yaml"]
    assert wheres() == ["03.yaml", "07.yaml"]
    folder.write("07.yaml", pops("pop-07"))
    worse.unlink()
    assert folder.look(bad, worse) == ["07.yaml", "-03.yaml"]
    assert wheres() == []


def test_a_file_that_cannot_be_read_is_told_until_it_can(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, read_bytes = folder.root / "07.yaml", Path.read_bytes

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert folder.look(path) == ["07.yaml"]
    assert folder.look(path) == []
    assert [violation.message for violation in folder.files.violations] == ["Permission denied"]
    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    found: tuple[DocumentFile, ...] = folder.files.read({path}).read
    assert [file.complete for file in found] == [True]


class Written(Files):
    """Files of which some are half written."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def read(self, path: Path) -> bytes:
        if path.name in self.names:
            raise BeingWrittenError(path)
        return path.read_bytes()


def test_a_file_that_is_being_written_says_what_it_said_until_it_is_whole(tmp_path: Path) -> None:
    written = Written()
    path = tmp_path / "a.yaml"
    path.write_text(pops("fra"))
    files = DocumentFiles([tmp_path], written)
    assert len(files.read().read) == 1
    path.write_text("kind: [")
    written.names.add("a.yaml")
    for changed in ({path}, set[Path](), None):
        assert files.read(changed) == FileChanges(written=frozenset({path}))
        assert files.violations == []
    path.write_text(pops("iad"))
    written.names.clear()
    (file,) = files.read(set()).read
    assert [document.reference.name for document in file.documents] == ["iad"]
    assert files.read(set()) == FileChanges()


def test_a_file_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    written = Written()
    path = tmp_path / "a.yaml"
    path.write_text(pops("fra"))
    files = DocumentFiles([tmp_path], written)
    written.names.add("a.yaml")
    assert files.read().written == {path}
    path.unlink()
    assert files.read(set()) == FileChanges()


def test_what_comes_in_is_the_same_when_a_plan_is_made_again() -> None:
    program = (
        "from pathlib import Path\n"
        "from dnsfleet_cli.document_files import read_all\n"
        "from dnsfleet_cli.whole_files import PatientFiles\n"
        "for _ in range(2): print(*read_all([Path('-')], PatientFiles()))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        input="kind: Zone\n",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert told[0] == told[1]
    assert "'-:1: apiVersion'" in told[0]
