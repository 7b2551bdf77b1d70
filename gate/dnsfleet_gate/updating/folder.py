"""The store on one machine: each RecordSet is a file in a folder, which `dnsfleet up` reads.

`up` says to nobody what it makes of a file. So what is not published a moment after it was written
counts as refused, and that all edges have something is not known (`wait: Propagated`).
"""

import json
from pathlib import Path

from dnsfleet.resources import Reference
from dnsfleet_io import files

from dnsfleet_gate.updating import record_sets
from dnsfleet_gate.updating.record_sets import Object
from dnsfleet_gate.updating.stores import Claims, ConflictError, Stored, UnavailableError


class FolderStore:
    """See `stores.Store`; nobody else writes into the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str, zone: Reference) -> Stored:
        """See `stores.Store`."""
        path = self._path(key, zone)
        try:
            return _stored(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return Stored({})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnavailableError(f"{path}: {error}") from error

    def write(self, key: str, zone: Reference, claims: Claims, version: str) -> Stored:
        """See `stores.Store`."""
        known = self.read(key, zone)
        if known.version != version:
            raise ConflictError
        metadata = record_sets.metadata(key, zone) | {"generation": known.generation + 1}
        made = record_sets.body(metadata, record_sets.spec(zone, claims))
        path = self._path(key, zone)
        try:
            files.replace_file(path, json.dumps(made, indent=1).encode())
        except OSError as error:
            raise UnavailableError(f"{path}: {error.strerror}") from error
        return _stored(made)

    def _path(self, key: str, zone: Reference) -> Path:
        return self._folder / f"{zone.namespace}-{record_sets.name(key, zone)}.yaml"


def _stored(made: Object) -> Stored:
    generation = int(made["metadata"]["generation"])
    return Stored(record_sets.claims(made), str(generation), generation, programmed=generation)
