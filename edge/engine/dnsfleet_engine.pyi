"""The native engine: zone data, answers and the sockets that carry them."""

from collections.abc import Callable
from typing import Literal, final

def type_number(text: str) -> int | None:
    """The number of a mnemonic or of `TYPEnnn`, in any letter case; None for another text."""

def type_text(rtype: int) -> str:
    """The mnemonic of a type, 0 to 65535; `TYPEnnn` where it has none."""

def local_addresses() -> list[str]:
    """The IPv4 and IPv6 addresses of this machine's interfaces, in their order.

    Not those that need an interface beside them (RFC 4007 section 11, `fe80::/10`). OSError where
    the kernel does not tell.
    """

@final
class Delta:
    """The change that turns one `Zone` into another: whole RRsets removed and set."""

    @property
    def payload(self) -> bytes:
        """The encoded change, what `Zone.apply` takes."""

    @property
    def added(self) -> int:
        """RRsets that only the new zone has."""

    @property
    def removed(self) -> int:
        """RRsets that only the old zone has."""

    @property
    def ordinary_removed(self) -> int:
        """Those of them that signing does not make (see `Zone.ordinary_rrsets`)."""

    @property
    def changed(self) -> int:
        """RRsets that both have, with another TTL or other rdata."""

    def ordinary_payload(self) -> bytes:
        """The change without the serial and without what signing makes, encoded as `payload` is.

        To sign the new zone once more changes nothing of it.
        """

    def lines(self, limit: int) -> list[str]:
        """The first `limit` RRs that differ: `- OWNER TTL TYPE RDATA` or `+ …`, canonical order."""

SignatureTime = tuple[int, str, str]
"""Unix time in seconds, and an owner and a type of which a signature begins or ends then."""

@final
class Zone:
    """The records of one zone; immutable, so it can be shared with threads that answer from it."""

    @staticmethod
    def decode(data: bytes) -> Zone:
        """The zone of an `encode` result; ValueError says what is wrong with the bytes."""

    def encode(self) -> bytes:
        """The whole zone in canonical order; equal zones have equal bytes."""

    @property
    def origin(self) -> str:
        """The apex: absolute, lower case, presentation form."""

    @property
    def serial(self) -> int:
        """The SOA serial."""

    @property
    def signed(self) -> bool:
        """Whether the apex has a DNSKEY record and a signature of the SOA (RFC 4035 section 2)."""

    def signature_period(self, now: int) -> tuple[SignatureTime, SignatureTime] | None:
        """When all signatures are valid: when the last ones begin, when the first ones end.

        None where the zone is not signed, or no signature is by a key of its apex. Signatures are
        not verified (see src/zone/periods.rs for those that count). `now` is Unix time in seconds:
        the times of signatures have 32 bits, and each is the one nearest to it (RFC 4034 section
        3.1.5). It goes through the whole zone where that is signed.
        """

    @property
    def rrsets(self) -> int:
        """How many RRsets, the SOA included."""

    @property
    def ordinary_rrsets(self) -> int:
        """How many RRsets without those of types that the program makes which signs a zone.

        These are DNSKEY, RRSIG, NSEC, NSEC3, NSEC3PARAM, CDS, CDNSKEY and ZONEMD.
        """

    @property
    def records(self) -> int:
        """How many records, the SOA included."""

    @property
    def digest(self) -> bytes:
        """32 octets: the sum modulo 2**256 of BLAKE2b-256 over each encoded RRset.

        To compute it after a change takes time for what differs, not for the whole zone.
        """

    def get(self, owner: str, rtype: str) -> tuple[int, list[str]] | None:
        """TTL in seconds and rdata texts of one RRset; None where there is none."""

    def types(self, owner: str) -> list[str]:
        """The types of the RRsets at a name; ValueError where it is no name."""

    def owners(self, rtype: str) -> list[str]:
        """The names that have an RRset of a type, in canonical order; it looks at all names."""

    def has_name(self, owner: str) -> bool:
        """Whether there are records at a name or below it; ValueError where it is no name."""

    def has_names_below(self, owner: str) -> bool:
        """Whether there are records below a name; ValueError where it is no name."""

    def rdata_size(self, owner: str, rtype: str) -> int:
        """Octets of wire rdata in one RRset; 0 where there is none."""

    def diff(self, new: Zone) -> Delta:
        """The change from this zone to `new`; ValueError where the origins differ."""

    def apply(self, delta: bytes) -> Zone:
        """This zone with the change made; ValueError where it does not fit."""

    def with_serial(self, serial: int) -> Zone:
        """This zone with another SOA serial."""

    def to_text(self) -> str:
        """A master file (RFC 1035 section 5): absolute names, canonical order, a record a line."""

Include = Callable[[str, str], tuple[str, bytes]]
"""(path as written, name of the file that includes it) to (name, text); ValueError or OSError."""

Severity = Literal["error", "warning"]

@final
class ZoneBuilder:
    """Gathers records from zones, master files and single records, and checks the result.

    `origin` None takes the owner of the first SOA.
    """

    def __init__(self, origin: str | None) -> None: ...
    def add_zone(self, zone: Zone) -> None:
        """Start from the records of a checked zone; only the first call of a builder may do it."""

    def add_file(
        self,
        text: bytes,
        name: str,
        include: Include | None = None,
        progress: Callable[[int, int], None] | None = None,
        a_labels: Callable[[str], str] | None = None,
    ) -> None:
        """Read a master file (RFC 1035 section 5). `progress` gets (octets read, octets in all).

        `a_labels` gets owners, origins and targets with letters outside ASCII, and returns them
        with A-labels; ValueError says what is wrong with one. Without it they are errors.
        """

    def records_by_file(self, ends: list[int] = ...) -> list[tuple[str, int]]:
        """The files that were read, in order, each with the number of its records.

        Where the first one was put together from parts, `ends` has the last line of each part, and
        the file is there once for each of them.
        """

    def add_record(self, owner: str, rtype: str, ttl: int, data: str, where: str) -> None:
        """Add one record in presentation form; names are relative to the origin.

        TXT that does not begin with a quote is one text, split into strings of 255 octets.
        """

    def records_of(self, types: list[str], most: int) -> list[tuple[str, str, int, str, str]]:
        """The first `most` records of these types that were added, in the order they came.

        Each is (owner, type, TTL in seconds, rdata, where). Those of `add_zone` are not among them.
        """

    def finish(self) -> tuple[Zone | None, list[tuple[str, str, str, Severity]]]:
        """The zone (None after an error) and what was found: (reason, message, where, severity)."""

@final
class Engine:
    """Answers queries from the zones that were loaded into it."""

    def __init__(self, identity: str | None = None) -> None:
        """`identity` answers NSID and `id.server.` CH TXT; ValueError where it is too long."""

    def load(self, zone: Zone) -> None:
        """Serve this zone from the next query on; replaces the same origin in one pointer swap."""

    def withhold(self, origin: str) -> None:
        """Answer SERVFAIL for a zone that should be served, but whose data is not here.

        It holds from the next query on, until `load` or `remove` of the origin. The reply to EDNS
        has the extended error 14, Not Ready (RFC 8914 section 4.15). A zone that is served stays
        served. ValueError if it is not an origin.
        """

    def remove(self, origin: str) -> None:
        """Stop serving or withholding a zone; ValueError if it is not an origin."""

    def zone(self, origin: str) -> Zone | None:
        """What is served for an origin; None where nothing is, or the zone is withheld."""

    def origins(self) -> list[str]:
        """The origins of all zones that are served, sorted; not of those that are withheld."""

    def respond(
        self, query: bytes, client: str = "127.0.0.1", transport: Literal["udp", "tcp"] = "udp"
    ) -> bytes | None:
        """The reply to one query in wire form, without sockets; None where none is sent.

        `client` is the address that asks; ValueError if it is not an address.
        """

    def set_cookie_secrets(self, secrets: list[bytes]) -> None:
        """Make DNS cookies (RFC 9018) with the first secret and accept those of all, from now on.

        Each has 16 octets, and there are at most 4, else ValueError. With none, which is how an
        engine starts, cookies are not answered.
        """

    def start(
        self,
        listen: list[tuple[str, int]],
        shards: int,
        responses_per_second: int = 200,
        exempt: list[str] = ...,
        proxies: list[str] = ...,
        joins: list[tuple[str, int]] = ...,
        sockets: int = 0,
    ) -> list[tuple[str, int]]:
        """Bind UDP and TCP on every address and answer with `shards` threads until `stop`.

        Port 0 takes a free one. A network (/24 or /56) gets at most `responses_per_second` UDP
        responses about one subject, unless it is in one of the `exempt` prefixes; 0: no limit. What
        comes from one of the `proxies` prefixes must begin with a PROXY header, version 2, which
        tells the client. Addresses in `joins` are shared with the server of another process, which
        is to hand them over; each address gets at least so many `sockets` of each kind, as many as
        that one has. The soft limit of open files is raised to what all connections may need.
        Returns the bound addresses. OSError names the address that failed; ValueError names what is
        not an address, a prefix or a number of shards; RuntimeError: it runs already.
        """

    def hand_over(self, others: int) -> None:
        """Have so many sockets, which joined each address later, get what comes from now on.

        It takes 3.5 seconds, in which this engine answers what had come to it; then `close` loses
        nothing. OSError where the kernel refuses it: nothing is handed over then.
        """

    def hand_back(self, others: int) -> None:
        """The same with so many sockets that were at each address before this engine joined."""

    def steer(self) -> None:
        """Have the kernel give queries to this engine alone, to each shard by the query name.

        For before others join its addresses, and for after others have left them.
        OSError where it refuses that: all is answered, as with a `steering_error`.
        """

    def close(self) -> None:
        """Close the sockets; queries received are answered, connections go on until `stop`."""

    def stop(self) -> None:
        """Close the sockets and end the threads; queries already received are answered."""

    def steering_error(self) -> str | None:
        """Why steering is off: what the kernel said when it refused the program; None if it is on.

        The kernel then chooses the shard by the client, not by the query name. Every shard answers
        every name, so only their caches work less well. None while nothing is served.
        """

    def trim(self) -> None:
        """Give free memory of the process back to the system, as far as its allocator can.

        Worth its milliseconds after a large zone was loaded: memory that only the load needed lies
        between pieces that stay in use. It waits up to a second for shards that still read a zone
        that was replaced.
        """

    def counters(self) -> list[dict[str, int]]:
        """One row of counters a shard, since the engine was made.

        Keys: queries_{udp,tcp}{4,6}; rcode_{noerror,formerr,servfail,nxdomain,notimp,refused,
        yxdomain,notauth,badvers,badcookie}; type_{A,AAAA,…,other}: queries by the type that they
        ask for; cookies_{client,valid,invalid}; cache_{hits,misses,evictions};
        rate_limit_{slipped,dropped}; tcp_evicted, proxy_refused, truncated, dropped, panics;
        receive_drops: datagrams that the kernel dropped because a receive buffer was full.

        duration_{udp,tcp}_{2,5,…,inf}: of every 64 responses one, by how many microseconds it took
        from receiving to sending; each is counted under the first bound that it does not exceed.
        duration_{udp,tcp}_ns: what all of them took together, in nanoseconds.
        """

@final
class Changes:
    """What is gone and what is new in a version of a zone, as IXFR has it (RFC 1995); immutable."""

    @staticmethod
    def between(old: Zone, new: Zone, limit: int) -> Changes | None:
        """The changes from one version to the next; None where they take more octets."""

    def __len__(self) -> int:
        """Octets that they take."""

@final
class Transfer:
    """A zone as the messages of a reply to AXFR (RFC 5936) or IXFR (RFC 1995), one after the other.

    It keeps its zone as it was and takes the same memory for every zone. Not thread-safe.
    """

    def __init__(self, zone: Zone, query: bytes, steps: list[Changes] = ...) -> None:
        """In reply to this query, of which header and question are read; ValueError without one.

        With `steps`, the oldest first, it has those in place of all records.
        """

    def message(self, room: int) -> bytes | None:
        """The next message of at most `room` octets, without TSIG and OPT; None behind the last.

        ValueError where one record needs more.
        """
