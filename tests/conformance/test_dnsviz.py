"""DNSViz finds no error in signed zones that the engine answers, from a signed root downwards."""

from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdatatype
from dnsfleet.zones import master_files
from dnsfleet_engine import Zone
from support import dnsviz, signatures, zone_signers
from support.encoded_zones import removal
from support.zone_signers import SIGNERS

# `%` is the origin, `@` the address of the name servers.
ROOT = """\
. 300 SOA ns. host. 1 7200 900 1209600 60
. 300 NS ns.
ns. 300 A @
"""
DELEGATION = """\
% 300 NS ns.%
ns.% 300 A @
"""
SIGNED = """\
% 300 SOA ns.% host.% 1 7200 900 1209600 60
% 300 NS ns.%
ns.% 300 A @
www.% 300 A 192.0.2.1
alias.% 300 CNAME www.%
below.empty.% 300 TXT "text"
*.wild.% 300 A 192.0.2.2
moved.% 300 DNAME wild.%
plain.% 300 NS ns.plain.%
ns.plain.% 300 A @
"""
UNSIGNED = """\
% 300 SOA ns.% host.% 1 7200 900 1209600 60
% 300 NS ns.%
ns.% 300 A @
"""
# DNSViz asks for many types of each name, and for a name and a type that a zone does not have.
ASKED = ["%", "alias.%", "empty.%", "some.wild.%", "some.moved.%", "plain.%"]


def test_no_error_is_found(tmp_path: Path) -> None:
    files = zones(tmp_path, [signer.name for signer in SIGNERS])
    names = [name.replace("%", f"{signer.name}.") for signer in SIGNERS for name in ASKED]
    read = [zone_of(origin, file) for origin, file in files.items()]
    judgement = dnsviz.judged(read, names, tmp_path / "judged")
    print(judgement.statuses)
    assert not judgement.errors, judgement.errors
    # Each signed zone is below DS, and each other zone below a proof that it has none.
    assert judgement.statuses["SECURE"] >= len(SIGNERS)
    assert judgement.statuses["INSECURE"] >= len(SIGNERS)
    assert judgement.statuses["VALID"] > len(names)
    assert not judgement.statuses.keys() & {"BOGUS", "INVALID", "EXPIRED", "INVALID_SIG"}


def test_a_missing_proof_is_found(tmp_path: Path) -> None:
    files = zones(tmp_path, [SIGNERS[0].name])
    origin = f"{SIGNERS[0].name}."
    # It proves that some.wild is not there itself. A file without it may be refused, so it is taken
    # away behind the checks.
    apex, owner = (dns.name.from_text(name) for name in (origin, f"*.wild.{origin}"))
    read = {name: zone_of(name, file) for name, file in files.items()}
    read[origin] = read[origin].apply(removal(apex, owner, dns.rdatatype.NSEC))
    judgement = dnsviz.judged([*read.values()], [f"some.wild.{origin}"], tmp_path / "judged")
    assert any(": SNAME_NOT_COVERED" in error for error in judgement.errors), judgement
    assert judgement.statuses["INVALID"]


def zones(folder: Path, signers: list[str]) -> dict[str, Path]:
    """A root, the signers' zones below it, and below each of them one that is not signed."""
    files = {}
    root = ROOT
    for signer in SIGNERS:
        if signer.name in signers:
            origin = f"{signer.name}."
            files[origin] = written(folder, origin, SIGNED)
            files[f"plain.{origin}"] = written(folder, f"plain.{origin}", UNSIGNED)
            signer.sign(origin, files[origin])
            root += DELEGATION.replace("%", origin)
            for key in signatures.keys(files[origin], origin):
                if key.flags & 1:
                    root += f"{origin} 300 DS {dns.dnssec.make_ds(origin, key, 'SHA256')}\n"
    files["."] = written(folder, ".", root)
    zone_signers.bind("ECDSAP256SHA256")(".", files["."])
    return files


def zone_of(origin: str, file: Path) -> Zone:
    zone, found = master_files.read(file.read_bytes(), file.name, origin)
    assert zone is not None, found
    return zone


def written(folder: Path, origin: str, text: str) -> Path:
    file = folder / f"{origin}zone"
    file.write_text(text.replace("%", origin).replace("@", dnsviz.ADDRESS))
    return file
