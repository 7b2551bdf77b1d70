"""Manifests in files and folders: which files there are, and what each of them says now."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dnsfleet.resources import documents
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation

from dnsfleet_cli.troubles import Trouble, reason

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class ManifestFile:
    """What one file says."""

    path: Path
    documents: tuple[Document, ...]
    """The good ones, in order."""
    violations: tuple[Violation, ...]

    @property
    def complete(self) -> bool:
        """Whether everything in the file was understood, so that what is not there is gone."""
        return not self.violations


class ManifestFiles:
    """Reads manifests again and again; a file whose text is the same is not parsed again."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Take files and folders; Trouble if one is not there now."""
        self.paths = tuple(paths)
        self._parsed: dict[Path, tuple[bytes, ManifestFile]] = {}
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

    def read(self) -> list[ManifestFile]:
        """Every file that is there, in the order of the paths and then of the names."""
        return [self._read(path) for path in dict.fromkeys(self._find())]

    def _find(self) -> Iterator[Path]:
        for path in self.paths:
            if path.is_dir():
                yield from sorted(file for file in path.rglob("*") if _is_manifest(file, path))
            elif path.exists():
                yield path

    def _read(self, path: Path) -> ManifestFile:
        try:
            data = path.read_bytes()
        except OSError as error:
            return _unreadable(path, reason(error))
        known = self._parsed.get(path)
        if known is not None and known[0] == data:
            return known[1]
        file = _parse(path, data)
        self._parsed[path] = (data, file)
        return file


def read_all(paths: Sequence[Path]) -> tuple[list[Document], list[Violation]]:
    """The distinct documents of all files, and all that is wrong with them."""
    files = ManifestFiles(paths).read()
    found = [violation for file in files for violation in file.violations]
    distinct, doubles = documents.distinct(d for file in files for d in file.documents)
    return distinct, found + doubles


def _is_manifest(file: Path, root: Path) -> bool:
    """Hidden files and folders belong to tools (.git, .dnsfleet), not to the fleet."""
    if file.suffix not in SUFFIXES or not file.is_file():
        return False
    return not any(part.startswith(".") for part in file.relative_to(root).parts)


def _parse(path: Path, data: bytes) -> ManifestFile:
    if not data.strip():
        return _unreadable(
            path, "the file is empty, which is no news; leave a comment to say that nothing is here"
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _unreadable(path, "the text is not UTF-8; save it as UTF-8", line)
    found, violations = documents.load(text, str(path))
    return ManifestFile(path, tuple(found), tuple(violations))


def _unreadable(path: Path, message: str, line: int = 1) -> ManifestFile:
    return ManifestFile(path, (), (Violation("BadSyntax", message, f"{path}:{line}"),))
