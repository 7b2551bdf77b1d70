"""Calls to the API server by its usual client, and the two ways in which they fail.

Either the API server does nothing now, for whatever object, or it refuses one. No call is sent
twice: whoever wanted it hears of it at once, and tries again as it sees fit.
"""

import json
from http import HTTPStatus
from typing import Any

import urllib3
from kubernetes import client, config

APPLY = "application/apply-patch+yaml"
"""The content type of server-side apply."""
_ABOUT_ONE = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


class UnavailableError(Exception):
    """The API server does not do anything now; the text says what it was asked."""


class RefusedError(Exception):
    """The API server refuses something about one object."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        """CamelCase word of the API server."""


def connect() -> client.ApiClient:
    """The API server of the cluster that this pod is in, or that of the kubeconfig outside of any.

    ConfigException where there is no cluster.
    """
    configuration = client.Configuration()
    try:
        config.load_incluster_config(configuration)
    except config.ConfigException:
        config.load_kube_config(client_configuration=configuration)
    configuration.retries = False  # by default it asks four times, and waits as it is told
    return client.ApiClient(configuration)


def asked(what: str, send: Any, *arguments: Any, **options: Any) -> Any:
    """What `send` gives; UnavailableError for whatever goes wrong."""
    try:
        return send(*arguments, **options)
    except client.ApiException as error:
        raise UnavailableError(f"{what}: {_message(error)}") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise UnavailableError(f"{what}: {error}") from error


def written(what: str, send: Any, *arguments: Any, **options: Any) -> Any:
    """What `send` gives; RefusedError where it fails because of the object that it is about."""
    try:
        return asked(what, send, *arguments, **options)
    except UnavailableError as error:
        cause = error.__cause__
        if isinstance(cause, client.ApiException) and cause.status in _ABOUT_ONE:
            raise RefusedError(str(cause.reason).replace(" ", ""), str(error)) from cause
        raise


def _message(error: client.ApiException) -> str:
    """What the API server says, which is a Status object mostly."""
    try:
        said = json.loads(error.body)["message"]
    except (TypeError, ValueError, KeyError):
        said = error.reason
    return f"{said} ({error.status})"
