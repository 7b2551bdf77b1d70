"""The certificate authority of a release, and what it signs: who may open a connection to the core.

It is made when nobody brings certificates, and kept in a Secret as the key that signs zones is. All
keys are on the curve P-256, which every TLS library takes.
"""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 20 * 365
"""The authority outlives what it signs."""
CLIENT_DAYS = 10 * 365
"""Of a Pop. It is long because nothing in the Pop's cluster can renew it: one that runs out there
would cut the Pop off. It gives no right by itself, and what ends a Pop is the end of its user."""
SERVER_DAYS = 365
"""Of the core. The operator renews it, and no Pop has to know."""
RENEW_DAYS = 120
"""Days before its end when a certificate of the core is renewed."""
MAX_COMMON_NAME = 64
"""Characters of a common name (RFC 5280, A.1, ub-common-name)."""
BACKDATED = timedelta(hours=1)
"""How far the clock of another cluster may be behind."""


class AuthorityError(ValueError):
    """What is there is no authority; the text says what is wrong with it."""


class Pair(NamedTuple):
    """A certificate and its private key, PEM."""

    certificate: str
    key: str


def make(name: str, now: float) -> Pair:
    """A new authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        _builder(subject, subject, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Pair(made.public_bytes(Encoding.PEM).decode(), _pem(key))


def client(authority: Pair, name: str, now: float) -> Pair:
    """A certificate by which somebody opens connections under this name."""
    return _issue(authority, name, now, CLIENT_DAYS, ExtendedKeyUsageOID.CLIENT_AUTH, ())


def server(authority: Pair, names: Sequence[str], now: float) -> Pair:
    """A certificate by which a server shows that it has these names; an address is one too."""
    title = names[0][:MAX_COMMON_NAME]  # clients look at `names` alone (RFC 9525, 2)
    return _issue(authority, title, now, SERVER_DAYS, ExtendedKeyUsageOID.SERVER_AUTH, names)


def is_due(certificate: str, authority: Pair, names: Sequence[str], now: float) -> bool:
    """Whether the certificate of a server is to be made anew: it ends soon, or differs."""
    try:
        found = x509.load_pem_x509_certificate(certificate.encode())
        found.verify_directly_issued_by(_first(authority))
        has = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return True
    left = found.not_valid_after_utc - datetime.fromtimestamp(now, UTC)
    return left < timedelta(days=RENEW_DAYS) or list(has) != [_general(name) for name in names]


def check(authority: Pair) -> None:
    """AuthorityError where the key is not that of the first certificate, or of no kind of ours."""
    try:
        key = load_pem_private_key(authority.key.encode(), None)
        same = key.public_key() == _first(authority).public_key()
    except (ValueError, TypeError) as error:
        raise AuthorityError(f"it is no PEM: {error}") from None
    if not same:
        raise AuthorityError("the key is not that of its first certificate")
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityError("the key is not of an elliptic curve, such as P-256")


def _issue(
    authority: Pair,
    name: str,
    now: float,
    days: int,
    purpose: x509.ObjectIdentifier,
    names: Sequence[str],
) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    signing = load_pem_private_key(authority.key.encode(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)  # noqa: S101 - as `make` makes it
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    builder = (
        _builder(_name(name), _first(authority).subject, key, now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(signer, critical=False)  # two authorities may have one name
    )
    if names:
        subjects = x509.SubjectAlternativeName([_general(each) for each in names])
        builder = builder.add_extension(subjects, critical=False)
    made = builder.sign(signing, hashes.SHA256())
    return Pair(made.public_bytes(Encoding.PEM).decode(), _pem(key))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: float, days: int
) -> x509.CertificateBuilder:
    begin = datetime.fromtimestamp(now, UTC) - BACKDATED
    identity = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(identity, critical=False)
    )


def _first(authority: Pair) -> x509.Certificate:
    """The certificate that signs; others behind it are of authorities that still count."""
    return x509.load_pem_x509_certificates(authority.certificate.encode())[0]


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
