"""The file that keeps the last good documents from run to run: an SQLite database.

A change writes the rows that differ, so it costs the same in a fleet of ten thousand zones as in
one of ten. SQLite keeps the file whole when the process or the machine dies in the middle.

SQLite does not notice a wrong bit in a value, so each row carries a SHA-256. Where anything in the
file is damaged, a new one is made from the rows that are whole, and the damaged one stays beside
it. A document that is lost so is no order to delete: the core has what was published of it.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from dnsfleet import resources
from dnsfleet.resources import Reference
from dnsfleet.resources.documents import Document
from dnsfleet_io import files

from dnsfleet_cli.troubles import Trouble, counted, reason
from dnsfleet_cli.up import state_files
from dnsfleet_cli.up.state_files import Show

# The state folder has one owner, so the log needs no memory that processes share. `FULL` waits for
# the disk at each change: a manifest may be broken by the time of the next start.
_OPEN = """\
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT, namespace TEXT, name TEXT, path TEXT, line INTEGER, resource TEXT, digest BLOB,
    PRIMARY KEY (kind, namespace, name)
) WITHOUT ROWID;
"""
_COLUMNS = ("kind", "namespace", "name", "path", "line", "resource", "digest")
_PUT = "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)"
_READ = "SELECT * FROM documents ORDER BY kind {0}, namespace {0}, name {0}"
_Row = tuple[str, str, str, str, int, str, bytes | None]


class Accepted:
    """An open file of documents."""

    def __init__(self, path: Path, show: Show) -> None:
        """Open the file, made if it is missing or damaged; Trouble if it cannot be used."""
        self._path = path
        with self._explaining():
            self._documents, whole = self._open()
            if whole:
                return
            aside = self._rebuild()
        show(
            state_files.damaged(
                path,
                f"it is now {aside.name}; {counted(len(self._documents), 'document')} of it "
                "could be kept",
            )
        )

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def read(self) -> list[Document]:
        """All documents that the file had when it was opened; they have no lines of fields."""
        return list(self._documents.values())

    def write(self, put: Iterable[Document], removed: Iterable[Reference]) -> None:
        """Add or replace documents and take others out: all of it or nothing."""
        with self._explaining(), self._database:
            self._database.executemany(
                "DELETE FROM documents WHERE kind = ? AND namespace = ? AND name = ?", removed
            )
            self._database.executemany(_PUT, map(_row, put))

    def _open(self) -> tuple[dict[Reference, Document], bool]:
        """The documents that are whole, and whether that is all that the file has."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, files.PRIVATE))
        self._database = sqlite3.connect(self._path)
        self._database.text_factory = _text  # damage may be in any text
        documents: dict[Reference, Document] = {}
        # Damaged, it is read from both ends: rows behind a page that cannot be read count too.
        for prepare, order in ((_prepare, "ASC"), (_tolerate, "ASC"), (_tolerate, "DESC")):
            whole = True
            try:
                prepare(self._database)
                for row in self._database.execute(_READ.format(order)):
                    document = _document(row)
                    whole &= document is not None
                    if document is not None:
                        documents[document.reference] = document
            except sqlite3.DatabaseError as error:
                if _is_trouble(error):
                    raise
                whole = False
            except UnicodeDecodeError:  # a message about damage quotes it
                whole = False
            if whole and prepare is _prepare:
                return documents, True
        return documents, False

    def _rebuild(self) -> Path:
        """Put a file with the documents that are whole in the place of this one; its new name.

        At each moment one of both is there, so a crash loses nothing of what could be read.
        """
        with suppress(sqlite3.Error):  # it is closed all the same
            self._database.close()
        for suffix in ("-wal", "-shm"):  # they must not meet the new file
            beside = self._path.with_name(self._path.name + suffix)
            if beside.exists():
                state_files.set_aside(beside)
        fresh = self._path.with_name(f"{self._path.name}.new{files.TEMPORARY}")
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC, files.PRIVATE))
        with closing(sqlite3.connect(fresh)) as database, database:
            _prepare(database)
            database.executemany(_PUT, map(_row, self._documents.values()))
        aside = state_files.name_aside(self._path)
        files.replace_file(aside, self._path.read_bytes())
        fresh.replace(self._path)
        files.sync_folder(self._path.parent)
        self._open()
        return aside

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Trouble(f"state file {self._path} cannot be read: {reason(error)}") from None
        except sqlite3.DatabaseError as error:
            if _is_trouble(error):
                raise Trouble(f"state file {self._path} cannot be used: {error}") from None
            raise Trouble(
                f"state file {self._path} is damaged; start again, and what is whole of it is kept"
            ) from None


def _is_trouble(error: sqlite3.DatabaseError) -> bool:
    """Whether the file cannot be used now, by its rights, its disk or another process."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return code in (
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR),
        *(sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM),
        *(sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH),
    )


def _text(octets: bytes) -> str:
    return octets.decode(errors="replace")


def _prepare(database: sqlite3.Connection) -> None:
    """Make the file what this version writes; DatabaseError where it is damaged."""
    database.executescript(_OPEN)
    columns = [row[1] for row in database.execute("PRAGMA table_info(documents)")]
    if columns == list(_COLUMNS[:-1]):  # of a version without digests
        database.execute("ALTER TABLE documents ADD COLUMN digest BLOB")
        columns.append("digest")
    tables = database.execute("SELECT name FROM sqlite_master").fetchall()
    checked = database.execute("PRAGMA integrity_check(1)").fetchall()
    if columns != list(_COLUMNS) or tables != [("documents",)] or checked != [("ok",)]:
        raise sqlite3.DatabaseError("damaged")


def _tolerate(database: sqlite3.Connection) -> None:
    """Have a file read although its length or its schema is not right."""
    database.execute("PRAGMA writable_schema = ON")


def _row(document: Document) -> _Row:
    resource = document.resource.model_dump_json(exclude_unset=True)
    path = str(Path(document.path).absolute())
    kind, namespace, name = document.reference
    values = (kind, namespace, name, path, document.line, resource)
    return (*values, _digest(values))


def _digest(values: Iterable[object]) -> bytes:
    return hashlib.sha256(repr(tuple(values)).encode()).digest()


def _document(row: _Row) -> Document | None:
    """The document of a row; None where the row is damaged."""
    *values, digest = row
    # Rows of a version without digests have none until they are written again.
    if digest is not None and digest != _digest(values):
        return None
    _, _, _, path, line, text = values
    try:
        resource, _ = resources.parse(json.loads(str(text)), str(path))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if resource is None or not isinstance(line, int):
        return None
    return Document(resource.kind, resource, str(path), line, {})
