"""TSIG keys: what people have in files, and what they are told about the rest."""

import base64
import re
from pathlib import Path

import dns.name
import dns.tsig
import pytest
from dnsfleet_cli.transferring import key_files
from dnsfleet_cli.troubles import Trouble

SECRET = base64.b64encode(b"thirty-two octets, and a few more").decode()
NAME = "transfer.example.net"
BIND = f'key "{NAME}" {{\n\talgorithm hmac-sha512;\n\tsecret "{SECRET}";\n}};\n'

GOOD = [
    ("as tsig-keygen prints it", BIND, dns.tsig.HMAC_SHA512),
    ("on a line", " ".join(BIND.split()), dns.tsig.HMAC_SHA512),
    ("no quotes", BIND.replace('"', ""), dns.tsig.HMAC_SHA512),
    ("quotes everywhere", BIND.replace("hmac-sha512", '"hmac-sha512"'), dns.tsig.HMAC_SHA512),
    (
        "the other order",
        f'key {NAME} {{ secret "{SECRET}"; algorithm hmac-sha256; }}',
        dns.tsig.HMAC_SHA256,
    ),
    ("letter case", BIND.upper().replace(SECRET.upper(), SECRET), dns.tsig.HMAC_SHA512),
    (
        "comments",
        f"// the key\n# of\n/* the\nfleet; {{ */\n{BIND}// end",
        dns.tsig.HMAC_SHA512,
    ),
    ("a full stop behind", BIND.replace(NAME, f"{NAME}."), dns.tsig.HMAC_SHA512),
    ("as kdig takes it", f"hmac-sha384:{NAME}:{SECRET}\n", dns.tsig.HMAC_SHA384),
    ("without an algorithm", f"{NAME}:{SECRET}", dns.tsig.HMAC_SHA256),
    ("224", f"HMAC-SHA224:{NAME}.:{SECRET}", dns.tsig.HMAC_SHA224),
]


@pytest.mark.parametrize(
    ("text", "algorithm"), [row[1:] for row in GOOD], ids=[row[0] for row in GOOD]
)
def test_what_people_have(text: str, algorithm: dns.name.Name) -> None:
    key = key_files.parse(text)
    assert (key.name, key.algorithm) == (dns.name.from_text(NAME), algorithm)
    assert key.secret == base64.b64decode(SECRET)


WEAK = "is too weak; make another key, by `tsig-keygen -a hmac-sha256`"
BAD = [
    ("", "this is no TSIG key; write key"),
    ("\n# nothing\n", "this is no TSIG key"),
    (SECRET, "this is no TSIG key"),
    (f"a:b:c:{SECRET}", "this is no TSIG key"),
    (f"{NAME} {SECRET}", "this is no TSIG key"),
    (f"# hmac-sha256:{NAME}:{SECRET}\nkey:\n  - id: {NAME}\n", "this is no TSIG key"),
    (BIND.replace("sha512", "md5"), f"hmac-md5 {WEAK}"),
    (BIND.replace("hmac-sha512", "hmac-md5.sig-alg.reg.int."), "hmac-md5.sig-alg.reg.int is too"),
    (BIND.replace("sha512", "SHA1"), f"hmac-sha1 {WEAK}"),
    (f"hmac-sha1:{NAME}:{SECRET}", f"hmac-sha1 {WEAK}"),
    (BIND.replace("sha512", "sha256-128"), "none of hmac-sha224, hmac-sha256, hmac-sha384, hmac-"),
    (BIND.replace("\n\talgorithm hmac-sha512;", ""), "the key has no algorithm"),
    (BIND.replace(f'secret "{SECRET}";', ""), "the key has no secret"),
    (BIND.replace(f'secret "{SECRET}";', "secret;"), "line 3: the secret is missing"),
    (BIND.replace("hmac-sha512;", "hmac-sha512"), "line 3: ; is missing"),
    (BIND.replace("};", ""), "the file ends before }"),
    ("key", "the file ends before the name of the key"),
    (f"key {NAME} secret", "line 1: { is missing"),
    ("key { }", "line 1: the name of the key is missing"),
    (BIND.replace("algorithm", "algorithms"), "line 2: expected one algorithm and one secret"),
    (BIND.replace("};", f'\tsecret "{SECRET}";\n}};'), "line 4: expected one algorithm and one"),
    (BIND + BIND, "line 5: keep one key in the file, and nothing else"),
    (BIND.replace(f'"{SECRET}"', f'"{SECRET}'), "line 3: a quote or a comment does not end"),
    (BIND + "/* ", "line 5: a quote or a comment does not end"),
    (BIND.replace(SECRET, SECRET[1:]), "the secret is not base64"),
    (BIND.replace(SECRET, SECRET[:-4] + "Ä==="), "the secret is not base64"),
    (BIND.replace(SECRET, ""), "the secret is empty"),
    (BIND.replace(NAME, "a..b"), "the name of the key is no domain name"),
    (BIND.replace(NAME, "."), "the name of the key is no domain name"),
    (BIND.replace(NAME, "x" * 64), "the name of the key is no domain name"),
]


@pytest.mark.parametrize(("text", "told"), BAD)
def test_what_is_no_key(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as raised:
        key_files.parse(text)
    assert SECRET[1:-4] not in str(raised.value)


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "transfer.key"
    file.write_text(BIND)
    assert key_files.read(file).algorithm == dns.tsig.HMAC_SHA512
    for octets, told in [
        (BIND.encode() + b"\xff", "it is not text"),
        (b" " * (key_files.MAX_FILE + 1), "more than 65536 octets are no TSIG key"),
        (b"", "this is no TSIG key"),
    ]:
        file.write_bytes(octets)
        with pytest.raises(Trouble) as raised:
            key_files.read(file)
        assert str(raised.value).startswith(f"{file}: {told}")
    with pytest.raises(Trouble, match="No such file"):
        key_files.read(tmp_path / "gone")
