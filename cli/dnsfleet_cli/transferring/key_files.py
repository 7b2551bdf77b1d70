"""TSIG keys from files: secrets do not belong in arguments, which everybody on a machine may read.

Two forms, those of `dig -k` and of `kdig -k`:

    key "transfer.example.net" {            hmac-sha256:transfer.example.net:c2VjcmV0
        algorithm hmac-sha256;
        secret "c2VjcmV0";
    };

`tsig-keygen` of BIND prints the first one. In the second one the algorithm may be missing, and is
hmac-sha256 then. No message about a file quotes it, since it could quote the secret.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import dns.exception
import dns.name
import dns.tsig

from dnsfleet_cli.troubles import Trouble, reason

ALGORITHMS = MappingProxyType(
    {
        "hmac-sha224": dns.tsig.HMAC_SHA224,
        "hmac-sha256": dns.tsig.HMAC_SHA256,
        "hmac-sha384": dns.tsig.HMAC_SHA384,
        "hmac-sha512": dns.tsig.HMAC_SHA512,
    }
)
"""Those of SHA-2 whose MACs are whole."""
WEAK = ("hmac-md5", "hmac-md5.sig-alg.reg.int", "hmac-sha1")
"""RFC 8945 section 6: MD5 must not be used, and SHA-1 should not."""
DEFAULT_ALGORITHM = "hmac-sha256"
MAX_FILE = 64 * 1024
"""Octets: a key takes 200, and somebody may name the wrong file."""

_TOKEN = re.compile(
    r"""(?P<skipped>\s+|//[^\n]*|\#[^\n]*|/\*.*?\*/)
      | "(?P<quoted>[^"\n]*)"
      | (?P<word>(?!/\*)[^\s{};"]+)
      | (?P<mark>[{};])""",
    re.VERBOSE | re.DOTALL,
)
_MARKS = ("{", "}", ";")
_FORMS = (
    'write key "NAME" { algorithm hmac-sha256; secret "…"; }; as tsig-keygen prints it, '
    "or ALGORITHM:NAME:SECRET"
)


class _Token(NamedTuple):
    """A word of a file, its quotes taken away, or a mark."""

    text: str
    is_mark: bool
    line: int


def read(path: Path) -> dns.tsig.Key:
    """The key of a file; Trouble says what is wrong with it."""
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_FILE + 1)
    except OSError as error:
        raise Trouble(f"{path}: {reason(error)}") from None
    if len(octets) > MAX_FILE:
        raise Trouble(f"{path}: more than {MAX_FILE} octets are no TSIG key; {_FORMS}")
    try:
        return parse(octets.decode())
    except UnicodeDecodeError:
        raise Trouble(f"{path}: it is not text; {_FORMS}") from None
    except ValueError as error:
        raise Trouble(f"{path}: {error}") from None


def parse(text: str) -> dns.tsig.Key:
    """The key of a text in either form; ValueError says what is wrong."""
    tokens = list(_tokens(text))
    if tokens and tokens[0].text.lower() == "key":
        return _key(*_statement(tokens))
    if len(tokens) == 1 and not tokens[0].is_mark:
        match tokens[0].text.split(":"):
            case [name, secret]:
                return _key(name, secret, DEFAULT_ALGORITHM)
            case [algorithm, name, secret]:
                return _key(name, secret, algorithm)
    raise ValueError(f"this is no TSIG key; {_FORMS}")


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"line {line}: a quote or a comment does not end")
        at = found.end()
        if not found["skipped"]:
            text_found = found["quoted"] if found["quoted"] is not None else found[0]
            yield _Token(text_found, found["mark"] is not None, line)


def _statement(tokens: list[_Token]) -> tuple[str, str, str]:
    """Name, secret and algorithm of a `key` statement, the only one of the file."""
    rest = iter(tokens[1:])

    def take(wanted: str) -> str:
        """The next token: this mark, or the word that `wanted` describes."""
        token = next(rest, None)
        is_mark = wanted in _MARKS
        if token is None:
            raise ValueError(f"the file ends before {wanted}; {_FORMS}")
        if token.is_mark != is_mark or (is_mark and token.text != wanted):
            raise ValueError(f"line {token.line}: {wanted} is missing; {_FORMS}")
        return token.text

    name = take("the name of the key")
    take("{")
    found: dict[str, str] = {}
    for token in rest:
        if token.text == "}" and token.is_mark:
            break
        field = token.text.lower()
        if field not in ("algorithm", "secret") or field in found:
            raise ValueError(f"line {token.line}: expected one algorithm and one secret; {_FORMS}")
        found[field] = take(f"the {field}")
        take(";")
    else:
        raise ValueError(f"the file ends before }}; {_FORMS}")
    for field in ("algorithm", "secret"):
        if field not in found:
            raise ValueError(f"the key has no {field}; {_FORMS}")
    behind = [token for token in rest if token.text != ";"]
    if behind:
        raise ValueError(f"line {behind[0].line}: keep one key in the file, and nothing else")
    return name, found["secret"], found["algorithm"]


def _key(name: str, secret: str, algorithm: str) -> dns.tsig.Key:
    plain = algorithm.lower().removesuffix(".")
    if plain in WEAK:
        raise ValueError(
            f"{plain} is too weak; make another key, by `tsig-keygen -a {DEFAULT_ALGORITHM}`, "
            "and give it to the server as well"
        )
    if plain not in ALGORITHMS:
        raise ValueError(f"the algorithm is none of {', '.join(ALGORITHMS)}")
    try:
        owner = dns.name.from_text(name)
    except dns.exception.DNSException:
        owner = dns.name.root
    if owner == dns.name.root:
        raise ValueError("the name of the key is no domain name")
    try:
        octets = base64.b64decode("".join(secret.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the secret is not base64") from None
    if not octets:
        raise ValueError("the secret is empty")
    return dns.tsig.Key(owner, octets, ALGORITHMS[plain])
