"""The last good documents: what the fleet serves while files are broken, half-written or gone.

Absence of data is never an order to delete. A document that is no longer found is kept, unless its
file is there, was understood completely, and has said so for SETTLE_SECONDS: a file that is just
being written may look complete when it is cut. A protected Zone is kept even then.

What is kept outlives the command, in `accepted.json` of the state folder, so that a fleet started
beside a broken manifest serves what it served before.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dnsfleet import resources
from dnsfleet.resources import Pop, Reference, Zone, documents
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation

from dnsfleet_cli.manifest_files import ManifestFile
from dnsfleet_cli.troubles import Trouble, reason
from dnsfleet_cli.up import private_files

SETTLE_SECONDS = 0.5
"""Longer than a program needs to write a file in pieces."""


@dataclass(frozen=True)
class Update:
    """What one look at the files changed beside the documents."""

    violations: list[Violation]
    removed: list[str]
    """Origins of zones that were removed on purpose."""


class LastGood:
    """Every document that counts now."""

    def __init__(self, store: Path) -> None:
        """Begin with what an earlier run left in `store`."""
        self._store = store
        self._saved: list[Document] = _restore(store)
        self._held = {document.reference: document for document in self._saved}
        self._missing_since: dict[Reference, float] = {}

    @property
    def documents(self) -> list[Document]:
        """The documents, found ones before kept ones."""
        return list(self._held.values())

    @property
    def unsettled(self) -> bool:
        """Whether a removal waits to be confirmed by a later look."""
        return bool(self._missing_since)

    def update(self, files: Sequence[ManifestFile], now: float) -> Update:
        """Take what the files say at `now` (monotonic seconds)."""
        found, violations = documents.distinct(d for file in files for d in file.documents)
        origins = {d.resource.origin for d in found if isinstance(d.resource, Zone)}
        by_path = {file.path.absolute(): file for file in files}
        held = {document.reference: document for document in found}
        missing_since: dict[Reference, float] = {}
        removed = []
        for reference, document in self._held.items():
            zone = document.resource if isinstance(document.resource, Zone) else None
            if reference in held or (zone is not None and zone.origin in origins):
                continue  # still there, or another document has taken the zone over
            warning = _why_kept(document, by_path.get(Path(document.path).absolute()))
            since = self._missing_since.get(reference, now)
            if warning is not None:
                violations.append(warning)
                held[reference] = document
            elif now - since < SETTLE_SECONDS:
                missing_since[reference] = since
                held[reference] = document
            elif zone is not None:
                removed.append(zone.origin)
        self._held, self._missing_since = held, missing_since
        return Update(violations, removed)

    def save(self, good: Mapping[Reference, Document]) -> None:
        """Keep the documents for the next run, the good version of each.

        Not the Pops: which of them run is what each run is told.
        """
        keep = [good.get(d.reference, d) for d in self.documents if not isinstance(d.resource, Pop)]
        if keep == self._saved:
            return
        table = [
            {
                "path": str(Path(document.path).absolute()),
                "line": document.line,
                "resource": document.resource.model_dump(mode="json", exclude_unset=True),
            }
            for document in keep
        ]
        private_files.write(self._store, json.dumps(table).encode())
        self._saved = keep


def _why_kept(document: Document, file: ManifestFile | None) -> Violation | None:
    """Why a document counts though it was not found; None when it is gone on purpose."""
    what, where = document.reference, f"{document.path}:{document.line}"
    if file is None:
        message = f"{what} is kept: its file is not here; to remove it, take it out of the file"
        return Violation("SourceMissing", message, where, "warning")
    if not file.complete:
        message = f"{what} is kept: its file has errors, so nothing in it counts as removed"
        return Violation("SourceBroken", message, where, "warning")
    if isinstance(document.resource, Zone) and document.resource.spec.protect:
        message = f"{what} is kept: it was protected; put it back with protect: false first"
        return Violation("Protected", message, where, "warning")
    return None


def _restore(store: Path) -> list[Document]:
    if not store.exists():
        return []
    try:
        table = json.loads(store.read_bytes())
        return [_document(entry["resource"], entry["path"], entry["line"]) for entry in table]
    except OSError as error:
        raise Trouble(f"state file {store} cannot be read: {reason(error)}; delete it") from None
    except (ValueError, TypeError, KeyError):
        raise Trouble(f"state file {store} is damaged; delete it") from None


def _document(raw: dict[str, object], path: str, line: int) -> Document:
    resource, found = resources.parse(raw, path)
    if resource is None:
        raise ValueError(str(found[0]))
    return Document(resource.kind, resource, path, line, {})
