"""The octets of TXT records, as those who read SPF and DKIM see them."""

import re

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(\d{3}|.)")


def joined(data: str) -> str:
    """The strings of a TXT without anything between (RFC 7208 section 3.3), an octet a character.

    `data` is presentation form as the engine writes it, each string in quotes.
    """
    text = "".join(_STRING.findall(data))
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(escape: re.Match[str]) -> str:
    return chr(int(escape[1])) if len(escape[1]) > 1 else escape[1]
