"""The web application: one page, and the same as JSON, for each view. It only reads.

Who may see it is not decided here. It is reached by `kubectl port-forward`, for which the API
server asks for rights, or on the loopback of a machine with `dnsfleet up`. A page of somebody else
in the same browser could ask for it under a name of its own that leads to the loopback address (DNS
rebinding), so requests under other names than those of this machine are refused.

No page has a script, nor anything from another place, and the browser is told to take none
(`POLICY`): what users write into their objects is text, and stays text.
"""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from dnsfleet_status import matrix, views
from dnsfleet_status.looks import Alerts, Look
from dnsfleet_status.views import View

HOSTS = ["localhost", "127.0.0.1"]
"""Names under which a browser on the same machine asks, and the kubelet's probe."""
REFRESH_SECONDS = (10, 60)
"""What people can choose from. A page that reloads unasked takes the place of a reader away
(WCAG 2.2, 2.2.2), so it does not by itself."""
MAX_TEXT = 255
"""Characters of a filter: no origin is longer."""
MAX_PAGE = 1_000_000
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
JSON = ".json"

LookAtFleet = Callable[[], Look]
LookAtAlerts = Callable[[], Alerts]
Make = Callable[[Request, Look], View]

TEMPLATES = Path(__file__).parent / "templates"
PAGES = (
    ("/", "Overview", "overview"),
    ("/pops", "Pops", "pops"),
    ("/zones", "Zones", "zones"),
    ("/changes", "Changes", "changes"),
    ("/alerts", "Alerts", "alerts"),
    ("/held", "Held", "held"),
)
"""Path, title and template of each view."""


def make(look_at_fleet: LookAtFleet, alerts: LookAtAlerts) -> Starlette:
    """The application for a fleet; both are called in threads, once for each request at most."""
    made: dict[str, Make] = {
        "/": lambda _request, look: views.overview(look, alerts()),
        "/pops": lambda _request, look: views.Pops(look.pops),
        "/zones": lambda request, look: views.Zones(_matrix(request, look)),
        "/changes": lambda _request, look: views.changes(look),
        "/alerts": lambda _request, _look: _firing(alerts()),
        "/held": lambda _request, look: views.Held(look.holds),
    }
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (TEMPLATES / "style.css").read_text()
    routes = [
        Route("/style.css", lambda _request: Response(style, 200, HEADERS, "text/css")),
    ]
    for path, title, name in PAGES:
        routes += _routes(path, title, templates, name, look_at_fleet, made[path])
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
    return Starlette(routes=routes, middleware=[hosts])


def _routes(
    path: str,
    title: str,
    templates: Environment,
    name: str,
    look_at_fleet: LookAtFleet,
    make_view: Make,
) -> list[Route]:
    """The page of a view, and its JSON."""
    template = templates.get_template(f"{name}.html")
    json_path = ("/overview" if path == "/" else path) + JSON

    def page(request: Request) -> Response:
        look = look_at_fleet()
        refresh = _number(request, "refresh", 0)
        text = template.render(
            title=title,
            pages=PAGES,
            path=path,
            json_url=f"{json_path}?{request.url.query}" if request.url.query else json_path,
            look=look,
            view=make_view(request, look),
            refresh=refresh if refresh in REFRESH_SECONDS else 0,
            choices=REFRESH_SECONDS,
            url=lambda **changes: _url(request, path, changes),
        )
        return HTMLResponse(text, headers=HEADERS)

    def json(request: Request) -> Response:
        look = look_at_fleet()
        return JSONResponse(views.to_json(look, make_view(request, look)), headers=HEADERS)

    return [Route(path, page), Route(json_path, json)]


def _matrix(request: Request, look: Look) -> matrix.Matrix:
    return matrix.matrix(
        look,
        _text(request, "zone"),
        _text(request, "pop"),
        _text(request, "late") == "on",
        _number(request, "page", 1),
        _number(request, "pop_page", 1),
    )


def _firing(alerts: Alerts) -> views.Firing:
    return views.Firing(alerts.firing, alerts.problem)


def _text(request: Request, name: str) -> str:
    return request.query_params.get(name, "").strip()[:MAX_TEXT]


def _number(request: Request, name: str, default: int) -> int:
    """A number of the query; the default where there is none that makes sense."""
    text = request.query_params.get(name, "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else default
    return min(number, MAX_PAGE)


def _url(request: Request, path: str, changes: dict[str, object]) -> str:
    """The address of this page with other parameters; one that is None is left out."""
    kept = [name for name in changes if changes[name] is None]
    url = request.url.include_query_params(**{k: v for k, v in changes.items() if v is not None})
    query = url.remove_query_params(kept).query
    return f"{path}?{query}" if query else path
