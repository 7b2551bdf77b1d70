"""The file that keeps the last good documents from run to run: an SQLite database.

A change writes the rows that differ, so it costs the same in a fleet of ten thousand zones as in
one of ten. SQLite keeps the file whole when the process or the machine dies in the middle.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dnsfleet import resources
from dnsfleet.resources import Reference
from dnsfleet.resources.documents import Document

from dnsfleet_cli.troubles import Trouble, reason
from dnsfleet_cli.up.state import PRIVATE

# The state folder has one owner, so the log needs no memory that processes share. With such a log
# `NORMAL` waits for the disk only when the log is taken over: a change that a power cut takes away
# is read from its manifest again.
_OPEN = """\
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT, namespace TEXT, name TEXT, path TEXT, line INTEGER, resource TEXT,
    PRIMARY KEY (kind, namespace, name)
) WITHOUT ROWID;
"""


class Accepted:
    """An open file of documents."""

    def __init__(self, path: Path) -> None:
        """Open the file, made if it is missing; Trouble if it cannot be used."""
        self._path = path
        with self._explaining():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))
            self._database = sqlite3.connect(path)
        with self._explaining():
            self._database.executescript(_OPEN)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def read(self) -> list[Document]:
        """All documents; they have no lines of fields."""
        with self._explaining():
            rows = self._database.execute(
                "SELECT resource, path, line FROM documents ORDER BY kind, namespace, name"
            ).fetchall()
            return [_document(json.loads(resource), path, line) for resource, path, line in rows]

    def write(self, put: Iterable[Document], removed: Iterable[Reference]) -> None:
        """Add or replace documents and take others out: all of it or nothing."""
        with self._explaining(), self._database:
            self._database.executemany(
                "DELETE FROM documents WHERE kind = ? AND namespace = ? AND name = ?", removed
            )
            self._database.executemany(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)", map(_row, put)
            )

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Trouble(f"state file {self._path} cannot be read: {reason(error)}") from None
        except sqlite3.OperationalError as error:
            raise Trouble(f"state file {self._path} cannot be used: {error}") from None
        except (sqlite3.DatabaseError, ValueError, TypeError, KeyError):
            raise Trouble(f"state file {self._path} is damaged; delete it") from None


def _row(document: Document) -> tuple[str, str, str, str, int, str]:
    resource = document.resource.model_dump_json(exclude_unset=True)
    return (*document.reference, str(Path(document.path).absolute()), document.line, resource)


def _document(raw: dict[str, object], path: str, line: int) -> Document:
    resource, found = resources.parse(raw, path)
    if resource is None:
        raise ValueError(str(found[0]))
    return Document(resource.kind, resource, path, line, {})
