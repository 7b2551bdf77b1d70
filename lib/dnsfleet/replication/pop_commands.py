"""Pop commands: what a Pop is to do once. The second of the three channels.

What a Pop *is to be* is state, and travels in its spec (`pop_specs`). A Pop command is no state: to
do it once is right, to do it twice is a fault, and one that comes too late is better not done.

    request ──▶ Pop command, signed, with a sequence number ──▶ stream of the Pop in the core
                                                                  ║ replication
    status  ◀── cumulative word of what became of each      ◀── whoever carries it out

A **request** is what somebody asked for; its name is its identity. The writer makes a Pop command
of it with the next sequence number, and signs that. It writes the same request once more, with a
higher number, where the stream lost it or a key that signed it is valid no more. So a request may
arrive several times (at least once), and who carries it out tells by its name that it did
(idempotent). It begins them in the order of their numbers, and never takes a number that is not
above all that it took (in order). So whoever holds the replica of a Pop can withhold a command, and
can neither forge one nor have one done again.

A sequence number is `EPOCH.SEQ`, as a revision is: the epoch is the fence of the writer, so the
numbers of a new writer, or of one whose core lost its data, come after all that were before. It is
also the id of the entry in the stream, `EPOCH-SEQ`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dnsfleet.replication import formats, manifests
from dnsfleet.replication.keys import PREFIX
from dnsfleet.replication.manifests import ManifestError
from dnsfleet.replication.revisions import Revision

SNAPSHOT, RESTART_REPLICA, FORGET_EDGE = "snapshot", "restart-replica", "forget-edge"
VERBS = (SNAPSHOT, RESTART_REPLICA, FORGET_EDGE)
"""What this version can carry out."""

MAX_WAITING = 16
"""Requests of one Pop that are neither done nor failed nor expired. They are given by people, one
by one; more than these are a loop that went wrong, or a Pop that nobody looked at for days."""
MAX_KEPT = 64
"""Requests of one Pop that are remembered with what became of them; the newest ones."""
STREAM_ENTRIES = 64
"""Entries that the stream of a Pop keeps: all that wait, and each written three times more."""
MAX_LIFETIME_MS = 7 * 24 * 3600 * 1000
"""Until a request expires, at most. The stream is dropped as long after its last entry."""
MAX_TEXT = 253
"""Octets of a request's name and of its argument: a name of Kubernetes at most."""
MAX_OCTETS = 4096
"""Octets of a signed Pop command that are read; one has about 300."""
FIELD = "command"
"""The field of an entry of the stream that has the signed Pop command."""

_CONTEXT = b"dnsfleet command\0"


class Request(NamedTuple):
    """What somebody asked a Pop to do."""

    name: str
    """Tells it from every other request to this Pop."""
    verb: str
    argument: str
    """What it is about: the name of an edge for `forget-edge`, else empty."""
    given_ms: int
    """When it was asked for, Unix time in milliseconds."""
    expires_ms: int
    """From when on it is not to be begun any more, Unix time in milliseconds."""


@dataclass(frozen=True, slots=True)
class PopCommand:
    """A request on its way to a Pop."""

    pop: str
    sequence: Revision
    request: Request
    format: int = formats.READS[0]


def stream(pop: str) -> str:
    """The key of the stream of a Pop."""
    return f"{PREFIX}commands:{pop}"


def sign(command: PopCommand, key: Ed25519PrivateKey) -> bytes:
    """The wire form."""
    request = command.request
    return manifests.seal(
        {
            "format": command.format,
            "pop": command.pop,
            "sequence": str(command.sequence),
            "request": request.name,
            "verb": request.verb,
            "argument": request.argument,
            "given": request.given_ms,
            "expires": request.expires_ms,
        },
        _CONTEXT,
        key,
    )


def verify(data: bytes, pop: str, public: Iterable[Ed25519PublicKey]) -> PopCommand:
    """A command to this Pop in wire form; ManifestError for anything else."""
    if len(data) > MAX_OCTETS:
        raise ManifestError(f"{len(data)} octets are no Pop command")
    said = manifests.unseal(data, _CONTEXT, public)
    try:
        request = Request(
            text(said["request"]),
            text(said["verb"]),
            text(said["argument"]),
            _time(said["given"]),
            _time(said["expires"]),
        )
        command = PopCommand(
            text(said["pop"]), Revision.parse(said["sequence"]), request, said["format"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"a Pop command has an unreadable field: {error!r}") from error
    if command.pop != pop:
        raise ManifestError(f"it is a command to Pop {command.pop}")
    return command


def readable(
    entries: Iterable[bytes], pop: str, public: Iterable[Ed25519PublicKey]
) -> list[PopCommand]:
    """The commands to this Pop that a valid key signed, by their numbers; the rest is no news."""
    keys, found = list(public), {}
    for data in entries:
        try:
            command = verify(data, pop, keys)
        except ManifestError:
            continue
        found[command.sequence] = command
    return [found[sequence] for sequence in sorted(found)]


def text(value: object) -> str:
    """A part of a request; ValueError for what is none, so that a signed one can always be read."""
    if not isinstance(value, str) or len(value.encode(errors="surrogatepass")) > MAX_TEXT:
        raise ValueError(f"{value!r} is no text of at most {MAX_TEXT} octets")
    return value


def _time(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no time")
    return value
