"""kopf's own calls to the API server, counted like all others.

kopf tells nobody of its requests, but it takes a session of aiohttp in place of credentials, and a
session can have a tracer. It asks which kinds there are, lists some of them, and watches these, in
every namespace or, with watchNamespaces, in each of some; it writes nothing. A call is counted when
its answer begins.

After a 401 kopf logs in again, and gives up where it gets what was refused: else it would ask
without a pause for ever. It compares sessions, so the same credentials have to give the same one.
"""

from types import SimpleNamespace

import aiohttp
import kopf

from dnsfleet_operator.api_calls import NO_ANSWER, VERSION_RESOURCE, APICalls

DISCOVERY = "apis"
"""The resource of calls that ask which kinds there are."""

_Told = aiohttp.TraceRequestEndParams | aiohttp.TraceRequestExceptionParams


class KopfSessions:
    """The sessions of one run of kopf, which closes them."""

    def __init__(self, calls: APICalls) -> None:
        self._calls = calls
        self._made: tuple[kopf.ConnectionInfo, kopf.AiohttpSession] | None = None

    def session(self, found: kopf.ConnectionInfo) -> kopf.AiohttpSession:
        """One with these credentials; it needs a running event loop."""
        if self._made is None or self._made[0] != found:
            self._made = found, self._session(found)
        return self._made[1]

    def _session(self, found: kopf.ConnectionInfo) -> kopf.AiohttpSession:
        tracer = aiohttp.TraceConfig()
        tracer.on_request_end.append(self._ended)
        tracer.on_request_exception.append(self._ended)
        return kopf.AiohttpSession(
            server=found.server,
            default_namespace=found.default_namespace,
            priority=found.priority,
            expiration=found.expiration,
            aiohttp_session=aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=found.as_ssl_context()),
                headers=found.as_http_headers(),
                proxy=found.proxy_url,
                trust_env=found.trust_env,
                trace_configs=[tracer],
            ),
        )

    async def _ended(self, _: aiohttp.ClientSession, __: SimpleNamespace, told: _Told) -> None:
        code = NO_ANSWER
        if isinstance(told, aiohttp.TraceRequestEndParams):
            code = str(told.response.status)
        watches = told.url.query.get("watch") == "true"
        verb, resource, namespace = meaning(told.url.path, watches)
        self._calls.ended(verb, resource, code, namespace)


def meaning(path: str, watches: bool) -> tuple[str, str, str]:
    """Verb and resource of a request of kopf, as RBAC names them, and its namespace or ""."""
    verb = "watch" if watches else "list"
    match path.strip("/").split("/"):
        case ["version"]:
            return "get", VERSION_RESOURCE, ""
        case ["api", _, resource] | ["apis", _, _, resource]:
            return verb, resource, ""
        case ["api", _, "namespaces", namespace, resource]:
            return verb, resource, namespace
        case ["apis", _, _, "namespaces", namespace, resource]:
            return verb, resource, namespace
    return "get", DISCOVERY, ""
