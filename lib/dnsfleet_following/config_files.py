"""The configuration of a process: one JSON file, checked completely before anything starts."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, BaseModel, ValidationError

ConfigT = TypeVar("ConfigT", bound=BaseModel)


class ConfigError(ValueError):
    """The file cannot be used; the text says where and what to do."""


def _redis_url(text: str) -> str:
    """Never quotes the text: it may hold a password."""
    expected = "expected redis://[user:password@]host:port, rediss://… or unix:///path"
    try:
        parts = urlsplit(text)
        reachable = parts.path if parts.scheme == "unix" else parts.hostname
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"{error}, {expected}") from None
    if parts.scheme not in ("redis", "rediss", "unix") or not reachable:
        raise ValueError(f"not a Redis URL, {expected}")
    return text


RedisURL = Annotated[str, AfterValidator(_redis_url)]


def with_password(url: str, password: str) -> str:
    """`redis://user@host` with the password in it; any other text as it is."""
    scheme, mark, rest = url.partition("://")
    user, at, place = rest.partition("@")
    if not (mark and at) or ":" in user:
        return url
    return f"{scheme}://{user}:{quote(password, safe='')}@{place}"


def read(
    path: Path,
    model: type[ConfigT],
    complete: Callable[[Mapping[str, object]], Mapping[str, object]] = dict,
) -> ConfigT:
    """The config in a JSON file; ConfigError names the file and each bad field.

    `complete` adds what is not in the file.
    """
    try:
        values = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the config: {error.strerror}") from None
    except ValueError as error:  # also undecodable bytes
        raise ConfigError(f"{path}: not a JSON document: {error}") from None
    if isinstance(values, dict):
        values = complete(values)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [f"{path}: {_field(p['loc'])}: {_message(p['msg'])}" for p in error.errors()]
        raise ConfigError("\n".join(problems)) from None


def _field(location: tuple[int | str, ...]) -> str:
    """`listen[0][1]` rather than pydantic's tuple."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.lstrip(".") or "document"


def _message(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]
