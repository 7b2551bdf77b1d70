"""Well-formed wire rdata of every type that has text, as hypothesis strategies by type number."""

import struct
from collections.abc import Mapping

import dns.rdatatype
from hypothesis import strategies as st

Wire = st.SearchStrategy[bytes]


def octets(least: int, most: int) -> Wire:
    return st.binary(min_size=least, max_size=most)


def join(*fields: Wire) -> Wire:
    """Fields one behind the other."""
    return st.tuples(*fields).map(b"".join)


def many(field: Wire, least: int = 1) -> Wire:
    return st.lists(field, min_size=least, max_size=4).map(b"".join)


def counted(value: Wire, size: int = 1) -> Wire:
    """A value behind its length in `size` octets."""
    return value.map(lambda inner: len(inner).to_bytes(size) + inner)


def numbers(least: int, most: int, size: int) -> Wire:
    return st.integers(least, most).map(lambda number: number.to_bytes(size))


def _bits(numbers: set[int]) -> bytes:
    found = bytearray(max(numbers) // 8 + 1)
    for number in numbers:
        found[number // 8] |= 0x80 >> number % 8
    return bytes(found)


def _windows(types: set[int]) -> bytes:
    found = b""
    for window in sorted({rtype >> 8 for rtype in types}):
        bits = _bits({rtype & 255 for rtype in types if rtype >> 8 == window})
        found += bytes([window, len(bits)]) + bits
    return found


U8, U16, U32 = octets(1, 1), octets(2, 2), octets(4, 4)
IPV4, IPV6 = octets(4, 4), octets(16, 16)
TEXT = counted(octets(0, 20))
SOME = octets(1, 20)
NAME = st.lists(counted(octets(1, 9)), max_size=4).map(lambda labels: b"".join(labels) + b"\0")
BITMAP = st.sets(st.integers(0, 65535), max_size=6).map(_windows)
TAG = counted(st.from_regex(rb"[a-z0-9]{1,9}", fullmatch=True))
DIGITS = st.from_regex(rb"[0-9]{1,15}", fullmatch=True)

# Octets of a digest by its type.
_DIGESTS = {1: 20, 2: 32, 4: 48, 9: 7}
DS = join(
    U16,
    U8,
    st.sampled_from(sorted(_DIGESTS)).flatmap(
        lambda kind: octets(_DIGESTS[kind], _DIGESTS[kind]).map(
            lambda digest: bytes([kind]) + digest
        )
    ),
)
# From 1970 to 2038: BIND writes later times as years before 1970, as far from now (RFC 4034
# section 3.1.5).
TIME = numbers(0, 2**31 - 1, 4)
SIGNATURE = join(U16, U8, U8, U32, TIME, TIME, U16, NAME, SOME)
KEY = join(st.just(b"\x01"), U8, U8, U8, SOME)


def _gateway(kind: int) -> Wire:
    return [st.just(b""), IPV4, IPV6, NAME][kind]


KINDS = st.integers(0, 3)
IPSECKEY = KINDS.flatmap(
    lambda kind: st.one_of(
        join(U8, st.just(bytes([kind, 0])), _gateway(kind)),
        join(U8, st.just(bytes([kind])), numbers(1, 255, 1), _gateway(kind), SOME),
    )
)
AMTRELAY = st.tuples(KINDS, st.booleans()).flatmap(
    lambda drawn: join(U8, st.just(bytes([drawn[1] << 7 | drawn[0]])), _gateway(drawn[0]))
)


def _a6(prefix: int) -> Wire:
    suffix = numbers(0, 2 ** (128 - prefix) - 1, 16).map(
        lambda all_octets: all_octets[prefix // 8 :]
    )
    name = NAME if prefix else st.just(b"")
    return join(st.just(bytes([prefix])), suffix if prefix < 128 else st.just(b""), name)


def _prefix(family: int, most: int) -> Wire:
    def item(drawn: tuple[int, bool, bytes]) -> bytes:
        prefix, negated, address = drawn
        address = address.rstrip(b"\0")
        return struct.pack(">HBB", family, prefix, negated << 7 | len(address)) + address

    return st.tuples(st.integers(0, 8 * most), st.booleans(), octets(0, most)).map(item)


HIP = st.tuples(SOME, U8, SOME, many(NAME, 0)).map(
    lambda parts: (
        struct.pack(">B", len(parts[0]))
        + parts[1]
        + struct.pack(">H", len(parts[2]))
        + parts[0]
        + parts[2]
        + parts[3]
    )
)
SIZE = st.one_of(
    st.just(b"\0"),
    st.tuples(st.integers(1, 9), st.integers(0, 9)).map(
        lambda pair: bytes([pair[0] << 4 | pair[1]])
    ),
)


def _angle(degrees: int) -> Wire:
    most = degrees * 3_600_000
    return numbers(2**31 - most, 2**31 + most, 4)


LOC = join(st.just(b"\0"), SIZE, SIZE, SIZE, _angle(90), _angle(180), U32)

ZONEMD = join(
    U32,
    U8,
    st.one_of(
        join(st.just(b"\1"), octets(48, 48)),
        join(st.just(b"\2"), octets(64, 64)),
        join(st.just(b"\xf0"), octets(12, 20)),
    ),
)

# Keys that need no other key, by number.
SVC_PARAMS: Mapping[int, Wire] = {
    1: many(counted(octets(1, 9))),
    3: U16,
    4: many(IPV4),
    5: SOME,
    6: many(IPV6),
    7: SOME,
    8: st.just(b""),
    10: many(counted(octets(1, 9)), 0),
    667: octets(0, 20),
    65535: octets(0, 20),
}


def _svc_params(drawn: Mapping[int, bytes]) -> bytes:
    params = dict(drawn)
    if params:
        params[0] = b"".join(key.to_bytes(2) for key in sorted(drawn))
    if 1 in params:
        params[2] = b""
    return b"".join(
        struct.pack(">HH", key, len(value)) + value for key, value in sorted(params.items())
    )


SVCB = join(U16, NAME, st.fixed_dictionaries({}, optional=SVC_PARAMS).map(_svc_params))
TEXTS = many(TEXT)

# Types that dnspython has no name for.
OTHER = {
    "EID": 31,
    "NIMLOC": 32,
    "ATMA": 34,
    "SINK": 40,
    "RKEY": 57,
    "TALINK": 58,
    "DOA": 259,
}

FORMS: Mapping[int, Wire] = {
    OTHER.get(rtype) or int(dns.rdatatype.from_text(rtype)): strategy
    for rtypes, strategy in {
        "A": IPV4,
        "AAAA": IPV6,
        "NS MD MF MB MG MR CNAME PTR DNAME NSAP-PTR": NAME,
        "HINFO": join(TEXT, TEXT),
        "MINFO RP TALINK": join(NAME, NAME),
        "MX AFSDB RT KX LP": join(U16, NAME),
        "PX": join(U16, NAME, NAME),
        "SRV": join(U16, U16, U16, NAME),
        "NAPTR": join(U16, U16, TEXT, TEXT, TEXT, NAME),
        "TXT SPF NINFO AVC RESINFO WALLET": TEXTS,
        "WKS": join(IPV4, U8, st.sets(st.integers(0, 2000), min_size=1, max_size=5).map(_bits)),
        "X25": TEXT,
        "ISDN": st.one_of(TEXT, join(TEXT, TEXT)),
        "GPOS": join(TEXT, TEXT, TEXT),
        "NSAP EID NIMLOC": SOME,
        "SIG RRSIG": SIGNATURE,
        "KEY": KEY,
        "RKEY": join(st.just(b"\0\0"), U8, U8, SOME),
        "DNSKEY CDNSKEY": join(U16, U8, U8, SOME),
        "LOC": LOC,
        "NXT": join(NAME, st.sets(st.integers(1, 127), min_size=1, max_size=5).map(_bits)),
        "ATMA": st.one_of(join(st.just(b"\0"), SOME), join(st.just(b"\1"), DIGITS)),
        "CERT": join(U16, U16, U8, SOME),
        "A6": st.integers(0, 128).flatmap(_a6),
        "SINK": join(U8, U8, U8, octets(0, 20)),
        "APL": many(st.one_of(_prefix(1, 4), _prefix(2, 16))),
        "DS CDS TA DLV": DS,
        "SSHFP": join(U8, U8, SOME),
        "IPSECKEY": IPSECKEY,
        "NSEC": join(NAME, BITMAP),
        "DHCID OPENPGPKEY": SOME,
        "NSEC3": join(U8, U8, U16, TEXT, counted(SOME), BITMAP),
        "NSEC3PARAM": join(U8, U8, U16, TEXT),
        "TLSA SMIMEA": join(U8, U8, U8, SOME),
        "HIP": HIP,
        "CSYNC": join(U32, U16, BITMAP),
        "ZONEMD": ZONEMD,
        "SVCB HTTPS": SVCB,
        "DSYNC": join(U16, U8, U16, NAME),
        "TYPE67 TYPE68": SOME,
        "NID L64": join(U16, octets(8, 8)),
        "L32": join(U16, IPV4),
        "EUI48": octets(6, 6),
        "EUI64": octets(8, 8),
        "URI": join(U16, U16, octets(0, 20)),
        "CAA": join(U8, TAG, octets(0, 20)),
        "DOA": join(U32, U32, U8, TEXT, octets(0, 20)),
        "AMTRELAY": AMTRELAY,
    }.items()
    for rtype in rtypes.split()
}
