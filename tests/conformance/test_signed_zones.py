"""Signed zones, whole or not: what we say beside dnssec-verify, kzonecheck, ldns-verify-zone.

Zones signed by the tools of BIND, ldns and Knot are whole to us. Then copies are made with one
thing changed in each, and signed once more as they are, so that only the change is judged. Digests
of whole zones are judged beside dnspython and ldns-verify-zone.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from dns.rdatatype import NSEC, NSEC3, NSEC3PARAM, TXT, A
from dns.zonetypes import DigestHashAlgorithm
from dnsfleet.zones import master_files
from support import zone_signing, zone_verifiers
from support.zone_signers import DIGESTING, SIGNERS
from support.zone_signing import Key

# `%` is the origin.
ZONE = """
% 300 SOA ns1.% host.% 1 7200 900 1209600 60
% 300 NS ns1.%
ns1.% 300 A 192.0.2.1
mail.% 300 A 192.0.2.2
www.% 300 A 192.0.2.3
www.% 300 TXT "text"
a.b.c.% 300 TXT "below two empty non-terminals"
*.wild.% 300 A 192.0.2.5
moved.% 300 DNAME c.%
secure.% 300 NS ns.secure.%
secure.% 300 DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000001
ns.secure.% 300 A 192.0.2.7
plain.% 300 NS ns.plain.%
ns.plain.% 300 A 192.0.2.8
only.deep.% 300 NS ns.other.
"""
RENAMED = """
% 300 SOA ns.other. host.other. 1 7200 900 1209600 60
% 300 NS ns.other.
% 300 DNAME other.
"""
# Programs wait for files more than they compute; a machine has at least two cores.
WORKERS = 4

Zone = dns.zone.Zone
Change = Callable[[Zone], set[Key] | None]
"""Changes a zone; returns what a signer shall leave out."""


def _name(zone: Zone, relative: str) -> dns.name.Name:
    return dns.name.from_text(relative, zone.origin)


def _proof(zone: Zone, relative: str) -> Key:
    """Owner and type of the record that a chain has for a name."""
    name = _name(zone, relative)
    assert zone.origin is not None
    parameters = zone.get_rdataset(zone.origin, NSEC3PARAM)
    if parameters is None:
        return name, NSEC
    (how,) = parameters
    label = dns.dnssec.nsec3_hash(name, how.salt, how.iterations, how.algorithm)
    return _name(zone, label.lower()), NSEC3


def _chain(zone: Zone) -> list[Key]:
    keys = ((owner, each.rdtype) for owner in zone for each in zone[owner])
    return sorted(key for key in keys if key[1] in (NSEC, NSEC3))


def _put(zone: Zone, key: Key, *texts: str) -> None:
    owner, rtype = key
    rdataset = dns.rdataset.from_text_list("IN", dns.rdatatype.to_text(rtype), 60, texts)
    zone.replace_rdataset(owner, rdataset)


def _replace(zone: Zone, key: Key, before: str, after: str) -> None:
    """Replace a part of a record's text."""
    (rdata,) = zone.find_rdataset(*key)
    text = f"{rdata} "
    assert before in text
    _put(zone, key, text.replace(before, after, 1))


def _next(zone: Zone, key: Key) -> str:
    """What a record of a chain says is next, as its text has it."""
    (rdata,) = zone.find_rdataset(*key)
    return str(rdata).split()[0 if key[1] == NSEC else 4]


def _whole(_: Zone) -> None:
    """Nothing is changed."""


def _lose_proof(zone: Zone) -> None:
    zone.delete_rdataset(*_proof(zone, "mail"))


def _lose_proof_of_empty(zone: Zone) -> None:
    zone.delete_rdataset(*_proof(zone, "b.c"))


def _lose_chain(zone: Zone) -> None:
    for key in _chain(zone):
        zone.delete_rdataset(*key)


def _lose_parameters(zone: Zone) -> None:
    zone.delete_rdataset(_name(zone, "@"), NSEC3PARAM)


def _other_parameters(zone: Zone) -> None:
    _put(zone, (_name(zone, "@"), NSEC3PARAM), "1 0 0 0123")


def _add_name(zone: Zone) -> None:
    _put(zone, (_name(zone, "added"), A), "192.0.2.9")


def _add_type(zone: Zone) -> None:
    _put(zone, (_name(zone, "mail"), TXT), '"added"')


def _lose_name(zone: Zone) -> None:
    zone.delete_rdataset(_name(zone, "mail"), A)


def _lose_type(zone: Zone) -> None:
    zone.delete_rdataset(_name(zone, "www"), TXT)


def _skip_a_name(zone: Zone) -> None:
    first, second = _chain(zone)[1:3]
    _replace(zone, first, f"{_next(zone, first)} ", f"{_next(zone, second)} ")


def _end_early(zone: Zone) -> None:
    key = _chain(zone)[-1]
    _replace(zone, key, f"{_next(zone, key)} ", f"{_next(zone, _chain(zone)[0])} ")


def _list_glue(zone: Zone) -> None:
    _replace(zone, _proof(zone, "secure"), " NS ", " A NS ")


def _link_glue(zone: Zone) -> None:
    key = _proof(zone, "plain")
    _put(zone, (_name(zone, "ns.plain"), NSEC), f"{_next(zone, key)} A RRSIG NSEC")
    _replace(zone, key, _next(zone, key), f"ns.plain.{zone.origin}")


def _leave_unsigned(zone: Zone) -> set[Key]:
    return {(_name(zone, "www"), A)}


def _leave_proof_unsigned(zone: Zone) -> set[Key]:
    return {_proof(zone, "www")}


def _end_opt_out(zone: Zone) -> None:
    for key in _chain(zone):
        _replace(zone, key, "1 1 ", "1 0 ")


def _link_nothing(zone: Zone) -> None:
    """A record of a name that does not exist, well linked."""
    key = _proof(zone, "nothing")
    before = max((each for each in _chain(zone) if each < key), default=_chain(zone)[-1])
    (rdata,) = zone.find_rdataset(*before)
    head = " ".join(str(rdata).split()[:4])
    _put(zone, key, f"{head} {_next(zone, before)} A RRSIG")
    label = key[0].labels[0].decode()
    _replace(zone, before, f"{_next(zone, before)}", label)


class Case(NamedTuple):
    """A change of the zone of a signer, what we say of it, and which programs accept it."""

    change: Change
    signer: str
    reason: str
    accepted: frozenset[str] = frozenset()


BY_NAME, BY_HASH, OPT_OUT = "bind-nsec", "bind-nsec3", "bind-optout"
# ldns-verify-zone does not compare the types of a name with those that its proof lists. It finds a
# chain by the records that there are, and a server finds it by NSEC3PARAM.
BUT_LDNS = frozenset({"ldns"})
# kzonecheck looks up the NSEC3 of each name, and not the name of each NSEC3.
BUT_KNOT = frozenset({"knot"})
ALL = frozenset({"bind", "knot", "ldns"})

CASES = [
    Case(_whole, BY_NAME, "", ALL),
    Case(_whole, BY_HASH, "", ALL),
    Case(_whole, OPT_OUT, "", ALL),
    Case(_lose_proof, BY_NAME, "MissingNSEC"),
    Case(_lose_proof, BY_HASH, "MissingNSEC3"),
    Case(_lose_proof_of_empty, BY_HASH, "MissingNSEC3"),
    Case(_lose_proof_of_empty, OPT_OUT, "MissingNSEC3"),
    Case(_lose_chain, BY_NAME, "NoChain"),
    Case(_lose_chain, BY_HASH, "NoChain"),
    Case(_lose_parameters, BY_HASH, "NoChain", BUT_LDNS),
    Case(_other_parameters, BY_HASH, "NoChain", BUT_LDNS),
    Case(_add_name, BY_NAME, "MissingNSEC"),
    Case(_add_name, BY_HASH, "MissingNSEC3"),
    Case(_add_name, OPT_OUT, "MissingNSEC3"),
    Case(_add_type, BY_NAME, "WrongTypes", BUT_LDNS),
    Case(_add_type, BY_HASH, "WrongTypes", BUT_LDNS),
    Case(_lose_name, BY_NAME, "WrongTypes", BUT_LDNS),
    Case(_lose_name, BY_HASH, "UnexpectedNSEC3", BUT_KNOT),
    Case(_lose_type, BY_NAME, "WrongTypes", BUT_LDNS),
    Case(_lose_type, BY_HASH, "WrongTypes", BUT_LDNS),
    Case(_skip_a_name, BY_NAME, "WrongNext"),
    Case(_skip_a_name, BY_HASH, "WrongNext"),
    Case(_end_early, BY_NAME, "WrongNext"),
    Case(_end_early, BY_HASH, "WrongNext"),
    Case(_list_glue, BY_NAME, "WrongTypes", BUT_LDNS),
    Case(_list_glue, BY_HASH, "WrongTypes", BUT_LDNS),
    Case(_link_glue, BY_NAME, "UnexpectedNSEC"),
    Case(_link_nothing, BY_HASH, "UnexpectedNSEC3", BUT_KNOT),
    Case(_leave_unsigned, BY_NAME, "MissingSignature"),
    Case(_leave_unsigned, OPT_OUT, "MissingSignature"),
    Case(_leave_proof_unsigned, BY_NAME, "MissingSignature"),
    Case(_leave_proof_unsigned, BY_HASH, "MissingSignature"),
    Case(_end_opt_out, OPT_OUT, "MissingNSEC3"),
]


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files by the names of their signers; the origin is that and `test.`."""
    files = {}
    for signer in [*SIGNERS, *DIGESTING]:
        origin = f"{signer.name}.test."
        files[signer.name] = file = tmp_path_factory.mktemp(signer.name) / "zone"
        file.write_text(ZONE.replace("%", origin))
        signer.sign(origin, file)
    return files


def _reasons(origin: str, file: Path) -> set[str]:
    zone, found = master_files.read(file.read_bytes(), file.name, origin)
    assert (zone is None) == bool(found)
    return {each.reason for each in found}


def test_what_signers_write_is_accepted(signed: dict[str, Path]) -> None:
    judged = {name: _reasons(f"{name}.test.", file) for name, file in signed.items()}
    assert judged == {name: set() for name in signed}
    # What we write of a zone is as good as what we read.
    for name, file in signed.items():
        built, _ = master_files.read(file.read_bytes(), file.name, f"{name}.test.")
        assert built is not None
        again, found = master_files.read(built.to_text().encode(), file.name)
        assert (found, again and again.digest) == ([], built.digest)


def test_a_dname_at_the_apex_is_above_nsec3(tmp_path: Path) -> None:
    (signer,) = (each for each in SIGNERS if each.name == BY_HASH)
    origin, file = f"{BY_HASH}.test.", tmp_path / "zone"
    file.write_text(RENAMED.replace("%", origin))
    signer.sign(origin, file)
    assert "NSEC3" in file.read_text()
    assert zone_verifiers.refused_by(origin, file) == {}
    assert _reasons(origin, file) == set()


def test_a_broken_zone_is_refused_as_verifiers_refuse_it(
    signed: dict[str, Path], tmp_path: Path
) -> None:
    def judge(case: Case) -> str | None:
        origin, name = f"{case.signer}.test.", f"{case.signer}{case.change.__name__}"
        zone = dns.zone.from_file(str(signed[case.signer]), origin, relativize=False)
        zone_signing.sign_again(zone, case.change(zone) or set())
        copy = tmp_path / name
        zone.to_file(str(copy), relativize=False)
        ours, others = _reasons(origin, copy), zone_verifiers.refused_by(origin, copy)
        is_right = case.reason in ours if case.reason else not ours
        if is_right and others.keys() == ALL - case.accepted:
            return None
        return f"{name}: {ours}, others {others}"

    # At least two of the three agree with each verdict.
    assert all(len(case.accepted) != len(ALL) - 1 for case in CASES)
    with ThreadPoolExecutor(WORKERS) as pool:
        assert list(filter(None, pool.map(judge, CASES))) == []


def test_what_is_left_to_signers(signed: dict[str, Path], tmp_path: Path) -> None:
    origin, copy = f"{BY_HASH}.test.", tmp_path / "zone"
    text = signed[BY_HASH].read_text()

    def refused() -> set[str]:
        assert _reasons(origin, copy) == set()
        return set(zone_verifiers.refused_by(origin, copy))

    # A signature that is wrong.
    assert "192.0.2.3" in text
    copy.write_text(text.replace("192.0.2.3", "192.0.2.33"))
    assert refused() == ALL
    # A key whose algorithm does not sign: one signature is enough (RFC 6840 section 5.11).
    zone = dns.zone.from_text(text, origin, relativize=False)
    public = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    key = dns.dnssec.make_dnskey(public, "ECDSAP256SHA256", zone_signing.SECURE_ENTRY_POINT)
    zone_signing.sign_again(zone, beside=[key])
    zone.to_file(str(copy), relativize=False)
    assert refused() == {"knot"}
    # A part of a chain of NSEC beside NSEC3, which goes into no answer.
    zone = dns.zone.from_text(text, origin, relativize=False)
    _put(zone, (_name(zone, "www"), NSEC), f"{origin} A TXT RRSIG NSEC")
    zone_signing.sign_again(zone)
    zone.to_file(str(copy), relativize=False)
    assert refused() == {"bind", "knot"}


@pytest.mark.parametrize("signer", [signer.name for signer in DIGESTING])
def test_a_digest_is_verified_as_others_verify_it(
    signed: dict[str, Path], tmp_path: Path, signer: str
) -> None:
    origin, copy, text = f"{signer}.test.", tmp_path / "zone", signed[signer].read_text()
    assert "ZONEMD" in text
    for change, is_right in [(("", ""), True), (("192.0.2.8", "192.0.2.88"), False)]:
        # Glue has no signature, so nothing else tells that it was changed.
        copy.write_text(text.replace(*change))
        zone = dns.zone.from_file(str(copy), origin, relativize=False)
        with nullcontext() if is_right else pytest.raises(dns.zone.DigestVerificationFailure):
            zone.verify_digest()
        assert zone_verifiers.refused_by(origin, copy).keys() == (set() if is_right else {"ldns"})
        assert _reasons(origin, copy) == (set() if is_right else {"WrongZoneDigest"})


@pytest.mark.parametrize("algorithm", [DigestHashAlgorithm.SHA384, DigestHashAlgorithm.SHA512])
def test_a_digest_of_an_unsigned_zone(tmp_path: Path, algorithm: DigestHashAlgorithm) -> None:
    text = ZONE.replace("%", "Digest.test.")
    zone = dns.zone.from_text(text, "digest.test.", relativize=False)
    digest = zone.compute_digest(algorithm)
    file = tmp_path / "zone"
    file.write_text(f"{text}\ndigest.test. 300 ZONEMD {digest}\n")
    assert _reasons("digest.test.", file) == set()
    file.write_text(file.read_text().replace("300 DNAME", "301 DNAME"))
    assert _reasons("digest.test.", file) == {"WrongZoneDigest"}
