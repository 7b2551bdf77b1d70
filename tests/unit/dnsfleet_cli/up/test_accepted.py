"""The file of accepted documents: whatever is damaged in it, the rest of it is kept."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from dnsfleet.resources.documents import Document, load
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up import events, state_files
from dnsfleet_cli.up.accepted import Accepted
from dnsfleet_io import files

NAMES = [f"z{number:03}" for number in range(60)]
ZONE = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: NAME}
spec: {origin: NAME.example, nameServers: [ns1.example.net]}
"""


def documents(*names: str) -> list[Document]:
    found, violations = load("---\n".join(ZONE.replace("NAME", name) for name in names), "/a.yaml")
    assert violations == []
    return found


class Store:
    """A store that may be damaged, and what is told when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told: list[events.Event] = []

    def open(self) -> Accepted:
        return Accepted(self.path, self.told.append)

    def fill(self, *names: str) -> None:
        accepted = self.open()
        accepted.write(documents(*names), ())
        accepted.close()

    def names(self) -> list[str]:
        accepted = self.open()
        read = accepted.read()
        accepted.close()
        assert {d.reference: d.resource for d in read}.items() <= ALL.items()
        return [document.reference.name for document in read]


ALL = {document.reference: document.resource for document in documents(*NAMES)}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "accepted.db")


def test_what_was_written_is_read_and_only_its_owner_may(store: Store) -> None:
    store.fill("z000", "z001")
    accepted = store.open()
    accepted.write((), [documents("z000")[0].reference])
    accepted.close()
    assert store.names() == ["z001"]
    assert store.path.stat().st_mode & 0o077 == 0
    assert store.told == []


def spoiled(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(change(path.read_bytes()))


DAMAGES: list[tuple[Callable[[Path], object], int]] = [
    (spoiled(lambda whole: whole[:512]), 0),
    (spoiled(lambda whole: bytes(len(whole))), 0),
    (spoiled(lambda whole: b"[{}]"), 0),
    (spoiled(lambda whole: whole[: len(whole) // 2]), 1),
    (spoiled(lambda whole: whole.replace(b"z007.example", b"z00_.example")), len(NAMES) - 1),
]


@pytest.mark.parametrize(("spoil", "least"), DAMAGES)
def test_a_damaged_store_is_told_set_aside_and_made_again(
    store: Store, spoil: Callable[[Path], object], least: int
) -> None:
    store.fill(*NAMES)
    spoil(store.path)
    damaged = store.path.read_bytes()
    kept = store.names()
    assert least <= len(kept) < len(NAMES)
    (told,) = store.told
    counted = "1 document" if len(kept) == 1 else f"{len(kept)} documents"
    assert told == events.Warned(
        str(store.path),
        f"damaged: it is now accepted.db.damaged; {counted} of it could be kept",
        "StateDamaged",
    )
    assert (store.path.with_name("accepted.db.damaged")).read_bytes() == damaged
    store.fill("z007")
    assert store.names() == sorted({*kept, "z007"})
    assert len(store.told) == 1


def test_no_damage_of_any_octet_changes_a_document_or_loses_one_silently(
    store: Store, tmp_path: Path
) -> None:
    store.fill(*NAMES[:12])
    whole = store.path.read_bytes()
    for at in range(0, len(whole), 29):
        for left in tmp_path.glob("accepted.db*"):
            left.unlink()
        store.path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        store.told.clear()
        if store.names() != NAMES[:12]:
            assert len(store.told) == 1, at


def test_rows_of_a_version_without_digests_are_read_and_get_theirs(store: Store) -> None:
    store.fill("z000", "z001")
    with sqlite3.connect(store.path) as database:
        database.execute("ALTER TABLE documents DROP COLUMN digest")
    database.close()
    store.fill("z001")
    assert store.names() == ["z000", "z001"]
    with sqlite3.connect(store.path) as database:
        rows = database.execute("SELECT name FROM documents WHERE digest IS NULL").fetchall()
    database.close()
    assert rows == [("z000",)]
    assert store.told == []


def test_a_log_beside_a_damaged_store_never_meets_the_new_one(store: Store) -> None:
    store.fill(*NAMES)
    accepted = store.open()
    accepted.write(documents("z000"), ())
    for suffix in ("", "-wal"):  # as after a kill: the log was not taken over
        shutil.copy(f"{store.path}{suffix}", f"{store.path}{suffix}.copy")
    accepted.close()
    for suffix in ("", "-wal"):
        shutil.move(f"{store.path}{suffix}.copy", f"{store.path}{suffix}")
    store.path.write_bytes(b"not a database, and longer than its header" * 100)
    assert store.names() == []
    assert len(store.told) == 1
    assert store.names() == []


def test_a_store_that_cannot_be_used_is_told(store: Store) -> None:
    store.path.mkdir()
    with pytest.raises(Trouble) as caught:
        store.open()
    assert str(caught.value) == f"state file {store.path} cannot be read: Is a directory"


@pytest.mark.parametrize(
    ("module", "step"),
    [(state_files, "name_aside"), (files, "replace_file"), (files, "sync_folder")],
)
def test_a_kill_while_it_is_made_again_loses_nothing_that_could_be_read(
    store: Store, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str
) -> None:
    store.fill(*NAMES)
    spoiled(lambda whole: whole.replace(b"z007.example", b"z00_.example"))(store.path)
    with monkeypatch.context() as patched:
        patched.setattr(module, step, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.open()
    assert store.names() == [name for name in NAMES if name != "z007"]
