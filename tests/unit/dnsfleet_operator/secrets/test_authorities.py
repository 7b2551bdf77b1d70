"""The authority of a release: what it signs, and when a certificate is due."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from dnsfleet_operator.secrets import authorities
from dnsfleet_operator.secrets.authorities import AuthorityError, Pair

NOW = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
DAY = 24 * 3600.0
NAMES = ("dnsfleet-core.dns.svc", "192.0.2.1")
AUTHORITY = authorities.make("dnsfleet", NOW)


def test_a_certificate_of_a_server_names_it_and_is_due_in_time() -> None:
    made = authorities.server(AUTHORITY, NAMES, NOW).certificate
    found = x509.load_pem_x509_certificate(made.encode())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [NAMES[0]]
    assert list(map(str, names.get_values_for_type(x509.IPAddress))) == [NAMES[1]]
    good = (authorities.SERVER_DAYS - authorities.RENEW_DAYS - 1) * DAY
    assert not authorities.is_due(made, AUTHORITY, NAMES, NOW + good)
    assert authorities.is_due(made, AUTHORITY, NAMES, NOW + good + 2 * DAY)
    assert authorities.is_due(made, AUTHORITY, NAMES[:1], NOW)
    assert authorities.is_due(made, authorities.make("dnsfleet", NOW), NAMES, NOW)
    assert authorities.is_due("", AUTHORITY, NAMES, NOW)
    assert authorities.is_due(AUTHORITY.certificate, AUTHORITY, NAMES, NOW)


def test_a_server_may_have_a_long_name() -> None:
    name = f"dnsfleet-core.{'n' * 63}.svc"
    made = authorities.server(AUTHORITY, (name,), NOW).certificate
    assert not authorities.is_due(made, AUTHORITY, (name,), NOW)


def test_an_authority_of_another_kind_of_key_is_refused() -> None:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ours")])
    begin = datetime.fromtimestamp(NOW, UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=9))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(AuthorityError, match="elliptic curve"):
        authorities.check(Pair(made.decode(), pem.decode()))


def test_a_client_is_no_server_and_signs_nothing() -> None:
    made = authorities.client(AUTHORITY, "ams", NOW).certificate
    found = x509.load_pem_x509_certificate(made.encode())
    extensions = found.extensions
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert found.subject.rfc4514_string() == "CN=ams"


def test_a_former_authority_behind_the_new_one_signs_nothing() -> None:
    new = authorities.make("dnsfleet", NOW)
    both = Pair(new.certificate + AUTHORITY.certificate, new.key)
    authorities.check(both)
    made = authorities.client(both, "ams", NOW).certificate
    found = x509.load_pem_x509_certificate(made.encode())
    found.verify_directly_issued_by(x509.load_pem_x509_certificate(new.certificate.encode()))


@pytest.mark.parametrize(
    "pair",
    [
        Pair(AUTHORITY.certificate, authorities.make("dnsfleet", NOW).key),
        Pair(AUTHORITY.certificate, "no key"),
        Pair("", AUTHORITY.key),
    ],
    ids=["of another", "no key", "no certificate"],
)
def test_what_is_no_authority_is_refused(pair: Pair) -> None:
    with pytest.raises(AuthorityError):
        authorities.check(pair)
