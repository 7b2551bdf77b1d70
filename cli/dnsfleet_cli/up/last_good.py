"""The last good documents: what the fleet serves while files are broken, half-written or gone.

Absence of data is never an order to delete. A document that is no longer found is kept, unless its
file is there, was understood completely, and has said so for SETTLE_SECONDS: a file that is just
being written may look complete when it is cut. A protected Zone is kept even then.

A file that lost more than 30 % and more than 10 of its documents may have been cut, too, as a zone
that loses so many RRsets. What it lost is kept until somebody approves it by the plan hash. There
is no object to annotate any more, so the file says it, in a comment that reads as the annotation.

What is kept outlives the command, in the state folder, so that a fleet started beside a broken
manifest serves what it served before.

Each look costs what it changed: only the documents of files that differ are compared, and of the
others only those that are held although no file has them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dnsfleet.resources import Pop, Reference, Zone
from dnsfleet.resources.documents import Document, distinct
from dnsfleet.violations import Violation
from dnsfleet.zones import plans

from dnsfleet_cli.document_files import DocumentFile, FileChanges, Rank
from dnsfleet_cli.up.accepted import Accepted
from dnsfleet_cli.up.state_files import Show

MAX_NAMED = 3
"""Documents in one message: enough to know which they are."""
SETTLE_SECONDS = 0.5
"""Longer than a program needs to write a file in pieces."""


@dataclass(frozen=True)
class DocumentChanges:
    """What differs from the last look."""

    changed: tuple[Document, ...] = ()
    """New ones and those that say something else, or say it elsewhere."""
    removed: frozenset[Reference] = frozenset()
    """What was held and is not any more."""

    @property
    def references(self) -> set[Reference]:
        """Of all of them."""
        return {*(document.reference for document in self.changed), *self.removed}

    def __bool__(self) -> bool:
        return bool(self.changed or self.removed)


@dataclass(frozen=True)
class Update:
    """What one look at the files gave."""

    violations: list[Violation]
    """All that hold now, beside those of the files."""
    removed: list[str]
    """Origins of zones that were removed on purpose."""
    documents: DocumentChanges = field(default_factory=DocumentChanges)


_Place = tuple[Rank, int]
"""Orders documents: by file, then by line."""


class LastGood:
    """Every document that counts now."""

    def __init__(self, store: Path, show: Show) -> None:
        """Begin with what an earlier run left in `store`; `show` is told where it is damaged."""
        self._store = Accepted(store, show)
        self._saved = {document.reference: document for document in self._store.read()}
        self._held = dict(self._saved)
        self._missing: dict[Reference, float | None] = dict.fromkeys(self._held)
        """What is held and in no file; since when that counts as a removal, None if it does not."""
        self._files: dict[Path, DocumentFile] = {}
        self._found: dict[Reference, dict[_Place, Document]] = {}
        self._doubles: set[Reference] = set()
        self._refused: dict[Reference, Violation] = {}
        """What is wrong with documents in the files in whose place others are held."""
        self._origins: Counter[str] = Counter()
        """Of the Zones that are held and in a file."""
        self._untold = list(self._held)
        """What no update has had among its changes yet."""
        self._unsaved: set[Reference] = set()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    @property
    def documents(self) -> list[Document]:
        """All documents."""
        return list(self._held.values())

    @property
    def pops(self) -> list[Pop]:
        """The Pops in the order of the files, kept ones last."""
        pops = {r: d.resource for r, d in self._held.items() if isinstance(d.resource, Pop)}
        found = sorted(pops.keys() - self._missing.keys(), key=lambda r: min(self._found[r]))
        return [pops[r] for r in (*found, *(r for r in self._missing if r in pops))]

    @property
    def unsettled(self) -> bool:
        """Whether a removal waits to be confirmed by a later look."""
        return any(since is not None for since in self._missing.values())

    def get(self, reference: Reference) -> Document | None:
        """The document that is held."""
        return self._held.get(reference)

    def update(self, files: FileChanges, now: float) -> Update:
        """Take what differs in the files at `now` (monotonic seconds).

        A change of what is immutable in a cluster is refused: the document that is held stays.
        """
        touched = [reference for reference in self._take(files) if self._hold_first(reference)]
        changed = dict.fromkeys([*self._untold, *touched])
        self._untold.clear()
        violations = [*self._told_twice(), *self._refused.values()]
        gone: dict[Reference, None] = {}
        leaving: dict[Path, list[Reference]] = {}
        for reference in self._missing:
            document = self._held[reference]
            path = Path(document.path).absolute()
            if path in files.written and path not in self._files:
                continue  # nobody knows yet what it says
            warning = _why_kept(document, self._files.get(path))
            if self._is_taken_over(document):
                gone[reference] = None
            elif warning is not None:
                violations.append(warning)
                self._missing[reference] = None
            else:
                leaving.setdefault(path, []).append(reference)
        for path, references in leaving.items():
            if (unsafe := _unsafe(self._files[path], references)) is not None:
                violations.append(unsafe)
                self._missing.update(dict.fromkeys(references))
                continue
            gone.update(dict.fromkeys(self._settled(references, now)))
        removed = []
        for reference in gone:
            document = self._held.pop(reference)
            del self._missing[reference]
            if isinstance(document.resource, Zone) and not self._is_taken_over(document):
                removed.append(document.resource.origin)
        self._unsaved |= changed.keys() | gone.keys()
        documents = tuple(self._held[reference] for reference in changed if reference not in gone)
        return Update(violations, removed, DocumentChanges(documents, frozenset(gone)))

    def save(self, good: Mapping[Reference, Document], rebuilt: Iterable[Reference] = ()) -> None:
        """Keep the documents for the next run, the good version of each.

        `rebuilt` are those whose good version may be another than at the last call, beside what
        updates changed. Pops are not kept: which of them run is what each run is told.
        """
        put, removed = [], []
        for reference in self._unsaved.union(rebuilt):
            held, saved = self._held.get(reference), self._saved.pop(reference, None)
            if held is None or isinstance(held.resource, Pop):
                if saved is not None:
                    removed.append(reference)
                continue
            keep = self._saved[reference] = good.get(reference, held)
            if not _same(keep, saved):
                put.append(keep)
        if put or removed:
            self._store.write(put, removed)
        self._unsaved.clear()

    def _take(self, files: FileChanges) -> list[Reference]:
        """Replace the documents of files; the references of old and new ones, in order."""
        touched: dict[Reference, None] = {}
        read: list[tuple[Path, DocumentFile | None]] = [(file.path, file) for file in files.read]
        for path, file in (*read, *((path, None) for path in files.gone)):
            old = self._files.pop(path.absolute(), None)
            if old is not None:
                for document in old.documents:
                    self._found[document.reference].pop((old.rank, document.line), None)
                    touched[document.reference] = None
            if file is not None:
                self._files[path.absolute()] = file
                for document in file.documents:
                    places = self._found.setdefault(document.reference, {})
                    places.setdefault((file.rank, document.line), document)
                    touched[document.reference] = None
        return list(touched)

    def _hold_first(self, reference: Reference) -> bool:
        """Hold the first document that files have of a reference; whether it is another one now.

        Where none has it any more, what was held counts as missing.
        """
        places, held = self._found[reference], self._held.get(reference)
        self._refused.pop(reference, None)
        if held is not None and reference not in self._missing:
            self._count(held, -1)
        if len(places) > 1:
            self._doubles.add(reference)
        else:
            self._doubles.discard(reference)
        if not places:
            del self._found[reference]
            if held is not None:
                self._missing.setdefault(reference)
            return False
        self._missing.pop(reference, None)
        first = places[min(places)]
        if held is not None and (refusal := _refusal(held, first)) is not None:
            self._refused[reference] = refusal
            first = held
        self._count(first, +1)
        if first == held:
            return False
        self._held[reference] = first
        return True

    def _settled(self, references: Iterable[Reference], now: float) -> list[Reference]:
        """Those that their files have not had for long enough."""
        found = []
        for reference in references:
            since = self._missing[reference]
            if since is None:
                since = self._missing[reference] = now
            if now - since >= SETTLE_SECONDS:
                found.append(reference)
        return found

    def _is_taken_over(self, document: Document) -> bool:
        """Whether it is a Zone whose origin another one has in a file."""
        zone = document.resource
        return isinstance(zone, Zone) and self._origins[zone.origin] > 0

    def _count(self, document: Document, change: int) -> None:
        if isinstance(document.resource, Zone):
            origin = document.resource.origin
            self._origins[origin] += change
            if not self._origins[origin]:
                del self._origins[origin]

    def _told_twice(self) -> list[Violation]:
        """A violation for each document beside the first of its reference."""
        doubles = [item for reference in self._doubles for item in self._found[reference].items()]
        return distinct(document for _, document in sorted(doubles, key=lambda item: item[0]))[1]


def _refusal(held: Document, found: Document) -> Violation | None:
    """Why a document cannot take the place of the one that is held; None where it can."""
    old, new = held.resource, found.resource
    if not isinstance(old, Zone) or not isinstance(new, Zone):
        return None
    before, after = old.spec.origin, new.spec.origin
    if before == after:
        return None
    field = "spec.origin"
    advice = f"write {before} as before"
    if old.origin != new.origin:
        advice = f"give the Zone of {after} another name, or take this one out of the file first"
    message = f"origin is immutable: {held.reference} stays the zone {before}; {advice}"
    return Violation("Immutable", message, f"{found.path}:{found.locate(field)}: {field}")


def _same(document: Document, saved: Document | None) -> bool:
    """Whether the store has it; what it gave back has an absolute path and no lines of fields."""
    return saved is not None and (
        document is saved
        or (document.line, Path(document.path).absolute(), document.resource)
        == (saved.line, Path(saved.path).absolute(), saved.resource)
    )


def _unsafe(file: DocumentFile, gone: list[Reference]) -> Violation | None:
    """Why documents count though their file, which is understood, has them no more; or None."""
    before = len(file.documents) + len(gone)
    if not plans.is_large(len(gone), before):
        return None
    named = sorted(map(str, gone))
    plan = plans.hash_of("\n".join(named).encode())
    if plan in file.approved:
        return None
    message = (
        f"{len(gone)} of {before} documents are not in the file any more, and are kept: "
        f"{', '.join(named[:MAX_NAMED])}, …; if that is meant, write this comment into the file: "
        f"# {plans.APPROVE_ANNOTATION}: {plan}"
    )
    return Violation("UnsafePlan", message, f"{file.path}:1", "warning")


def _why_kept(document: Document, file: DocumentFile | None) -> Violation | None:
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
