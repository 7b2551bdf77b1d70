"""Files of documents, which people call manifests: which files there are, and what they say now.

A look costs what changed. Where the caller knows which paths changed, only these are looked at;
otherwise the stamp of every file is compared, which reads none of them. A file is parsed again only
when its bytes differ.
"""

import hashlib
import re
import time
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dnsfleet.resources import documents
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation
from dnsfleet.zones.plans import APPROVE_ANNOTATION, HASH_DIGITS

from dnsfleet_cli import document_folders
from dnsfleet_cli.document_folders import STANDARD_INPUT
from dnsfleet_cli.troubles import Trouble, reason
from dnsfleet_cli.whole_files import BeingWrittenError, Files, PatientFiles
from dnsfleet_cli.zone_files import Stamp, stamp

COARSEST_CLOCK_NS = 2_000_000_000
"""FAT counts time in steps of two seconds, the longest of all: a file that was written within the
last step may be written again and keep its stamp."""

APPROVAL = re.compile(
    rf"^[ \t]*#[ \t]*{re.escape(APPROVE_ANNOTATION)}:[ \t]*([0-9a-f]{{{HASH_DIGITS}}})\b",
    re.MULTILINE,
)
"""A comment that approves a plan: what has left a file has no object to annotate."""

Rank = tuple[int, Path]
"""Orders files: by the argument that names them, then by name."""


@dataclass(frozen=True)
class DocumentFile:
    """What one file says."""

    path: Path
    documents: tuple[Document, ...]
    """The good ones, in order."""
    violations: tuple[Violation, ...]
    rank: Rank
    approved: frozenset[str] = frozenset()
    """The plan hashes in its comments."""

    @property
    def complete(self) -> bool:
        """Whether everything in the file was understood, so that what is not there is gone."""
        return not self.violations


@dataclass(frozen=True)
class FileChanges:
    """What differs from the last look."""

    read: tuple[DocumentFile, ...] = ()
    """Files that are new or say something else, in order."""
    gone: tuple[Path, ...] = ()
    """Files that are not there any more."""
    written: frozenset[Path] = frozenset()
    """Absolute paths of those that are half written; what they said before counts."""


@dataclass(frozen=True)
class _Known:
    file: DocumentFile
    content: str
    """The SHA-256 of its bytes; why it cannot be read, where it cannot."""
    stamp: Stamp | None
    """None where the same stamp would not prove that the file is the same."""


class DocumentFiles:
    """Reads files and folders again and again."""

    def __init__(self, paths: Iterable[Path], files: Files | None = None) -> None:
        """Take files and folders, and what reads a file; Trouble if one is not there now."""
        self.paths = tuple(paths)
        self.content = files or Files()
        """Reads them; without another choice, as they are."""
        self._written: set[Rank] = set()
        self._known: dict[Path, _Known] = {}
        self._faulty: dict[Path, DocumentFile] = {}
        for path in self.paths:
            if not path.exists():
                raise Trouble(f"{path}: no such file or folder")

    @property
    def trees(self) -> set[Path]:
        """Folders to watch with everything below."""
        return {path.absolute() for path in self.paths if path.is_dir()}

    @property
    def folders(self) -> set[Path]:
        """Folders of single files."""
        return {path.absolute().parent for path in self.paths if not path.is_dir()}

    @property
    def violations(self) -> list[Violation]:
        """What is wrong with the files as they were read last."""
        faulty = sorted(self._faulty.values(), key=lambda file: file.rank)
        return [violation for file in faulty for violation in file.violations]

    def find(self) -> Iterator[tuple[Rank, Stamp]]:
        """Every file that is there, in order; its path is in the rank."""
        seen: set[Path] = set()
        for number, path in enumerate(self.paths):
            for file, found in document_folders.find(path) if path.is_dir() else _single(path):
                if file not in seen:
                    seen.add(file)
                    yield (number, file), found

    def read(self, changed: Set[Path] | None = None) -> FileChanges:
        """What differs from the last look.

        `changed` are absolute paths that were changed since; None where that is not known. What
        was half written at the last look is looked at again.
        """
        named = None if changed is None else self._named(changed)
        if named is None:
            found = dict(self.find())
            gone = self._known.keys() - {path for _, path in found}
        else:
            stamps = [((number, path), self._stamp(path)) for path, number in named.items()]
            found = {rank: now for rank, now in sorted(stamps) if now is not None}
            gone = self._known.keys() & {rank[1] for rank, now in stamps if now is None}
            again = [(rank, self._stamp(rank[1])) for rank in self._written - found.keys()]
            found |= {rank: now for rank, now in sorted(again) if now is not None}
        self._written.clear()
        for path in gone:
            del self._known[path]
            self._faulty.pop(path, None)
        sure = changed or frozenset()
        read = [
            self._read(rank, now, bool(sure) and rank[1].absolute() in sure)
            for rank, now in found.items()
        ]
        return FileChanges(
            tuple(file for file in read if file is not None),
            tuple(sorted(gone)),
            frozenset(rank[1].absolute() for rank in self._written),
        )

    def _named(self, changed: Set[Path]) -> dict[Path, int] | None:
        """The files that changed paths name, with the number of the argument.

        None where a path may concern files that it does not name.
        """
        named: dict[Path, int] = {}
        for number, root in enumerate(self.paths):
            if not root.exists():
                return None
            if not root.is_dir():
                named.setdefault(root, number)  # always: what it links to may have changed
                continue
            top = root.absolute()
            for path in changed:
                if not path.is_relative_to(top):
                    continue
                file = root / path.relative_to(top)
                if document_folders.concerns_others(file, root):
                    return None
                if document_folders.has_name_of_documents(file, root):
                    named.setdefault(file, number)
        return named

    def _stamp(self, path: Path) -> Stamp | None:
        """None where there is no file that counts; an argument may be a pipe as well."""
        return stamp(path) if path.is_file() or path in self.paths else None

    def _read(self, rank: Rank, now: Stamp, changed: bool) -> DocumentFile | None:
        """The file, if it says something else than before."""
        path = rank[1]
        known = self._known.get(path)
        if known is not None and known.stamp == now and not changed:
            return None
        settled = time.time_ns() - now.mtime_ns > COARSEST_CLOCK_NS
        data, problem = b"", ""
        try:
            data = self.content.read(path)
        except BeingWrittenError:
            self._written.add(rank)
            return None
        except OSError as error:
            problem = reason(error)
        content = problem or hashlib.sha256(data).hexdigest()
        same = known is not None and known.content == content
        if known is not None and same:
            file = known.file
        else:
            file = _unreadable(rank, problem) if problem else _parse(rank, data)
        self._known[path] = _Known(file, content, now if settled else None)
        if same:
            return None
        self._faulty.pop(path, None)
        if not file.complete:
            self._faulty[path] = file
        return file


def read_all(
    paths: Sequence[Path], content: PatientFiles
) -> tuple[list[Document], list[Violation]]:
    """The distinct documents of all files, and all that is wrong with them; `-` is what comes in.

    Trouble where a file is half written and stays so.
    """
    files = DocumentFiles((each for each in paths if each != STANDARD_INPUT), content)
    changes = files.read()
    if changes.written:
        path = min(changes.written)
        raise Trouble(f"{path}: {reason(BeingWrittenError(path))}")
    read = [*changes.read]
    if STANDARD_INPUT in paths:
        read.append(_parse((len(paths), STANDARD_INPUT), _standard_input()))
    distinct, doubles = documents.distinct(each for file in read for each in file.documents)
    return distinct, [*(each for file in read for each in file.violations), *doubles]


@cache
def _standard_input() -> bytes:
    """All of it, read once: a plan that is made again is one of the same. Trouble."""
    try:
        with open(0, "rb", closefd=False) as file:
            return file.read()
    except OSError as error:
        raise Trouble(f"standard input: {reason(error)}") from None


def _single(path: Path) -> Iterator[tuple[Path, Stamp]]:
    found = stamp(path)
    if found is not None:
        yield path, found


def _parse(rank: Rank, data: bytes) -> DocumentFile:
    if not data.strip():
        return _unreadable(
            rank,
            "the file is empty, so nothing in it counts as removed; "
            "write a comment into it to say that nothing is here",
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _unreadable(rank, "the text is not UTF-8; save it as UTF-8", line)
    found, violations = documents.load(text, str(rank[1]))
    approved = frozenset(APPROVAL.findall(text))
    return DocumentFile(rank[1], tuple(found), tuple(violations), rank, approved)


def _unreadable(rank: Rank, message: str, line: int = 1) -> DocumentFile:
    violation = Violation("BadSyntax", message, f"{rank[1]}:{line}")
    return DocumentFile(rank[1], (), (violation,), rank)
