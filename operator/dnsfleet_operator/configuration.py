"""What the operator is told: environment variables, checked whole before anything starts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata

from dnsfleet_io.log_setup import LEVELS
from dnsfleet_io.redis_clients import Server

VERSION = metadata.version("dnsfleet")
"""Of this operator, as other clusters and statuses tell it."""
ALL, CORE, POP = "all", "core", "pop"
ROLES = (ALL, CORE, POP)
"""What an operator runs: `core` the core and no Pop, `pop` one Pop of a core in another cluster,
`all` the core and Pops beside it."""
LOG_LEVELS = ("info", *(each for each in LEVELS if each != "info"))
"""The default first."""
DEFAULT_CACHE_PREFIX = "/var/cache/dnsfleet"
"""The default of the chart."""
MAX_PORT = 65535
DEFAULT_HTTP_PORT = 8080
DEFAULT_CORE_PORT = 6379
DEFAULT_NOTIFY_PORT = 8053
DEFAULT_ORPHAN_SECONDS = 24 * 3600.0
"""How long a published zone without a Zone object is kept: a day, so that people can notice."""


class ConfigurationError(ValueError):
    """The environment cannot be used; the text names each variable and what to do."""


@dataclass(frozen=True)
class Configuration:
    """One replica of the operator: where it runs and what it gives to the Pops."""

    namespace: str
    """Where the core, the Pops' objects, the Secret and the Lease are."""
    release: str
    """Begins the names of the objects that the fleet has once."""
    identity: str
    """Name of this replica, for the Lease: the pod's."""
    edge_image: str
    pull_policy: str
    pull_secrets: tuple[str, ...]
    """Names of Secrets of the namespace by which nodes pull the image."""
    core_host: str
    core_port: int
    keys_secret: str
    """Name of the Secret with the signing key and the passwords."""
    http_port: int
    """/metrics, /healthz and /readyz."""
    orphan_seconds: float
    """Grace period of published zones without a Zone object."""
    trust_clock: bool
    """Whether fences are taken from this machine's clock whatever other clocks say."""
    core_names: tuple[str, ...] = ()
    """What the certificate of the core has to name; empty where no other cluster reaches it."""
    core_tls_secret: str = ""
    """Name of the Secret with that certificate, where somebody else makes it."""
    role: str = ALL
    """One of ROLES; in `pop` the core is in another cluster, and core_host leads there."""
    edge_log_level: str = LOG_LEVELS[0]
    """From which level on edges log."""
    probe_log_level: str = LOG_LEVELS[0]
    """The same of the probers in Pops."""
    cache_host_path_prefix: str = DEFAULT_CACHE_PREFIX
    """In role `pop`: the folder of nodes in which the core may choose one for the edges."""

    cache_host_path_init: bool = True
    """Whether a container that runs as root gives such a folder to the user of the edges."""
    priority_class: str = ""
    """The PriorityClass of pods of Pops that name none; empty for none."""
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    pod_annotations: Mapping[str, str] = field(default_factory=dict)
    """What the pods of Pops have beside ours."""
    openshift: bool = False
    """Whether the platform says as whom pods run, as OpenShift does; they then do not say it."""

    probes: bool = False
    """Whether each Pop gets a prober."""
    gate: bool = False
    """Whether the release has gates, which TsigKeys are for."""
    notify_port: int = DEFAULT_NOTIFY_PORT
    """Where gates pass NOTIFY of primaries on to, UDP; open where there are gates."""
    watch_namespaces: tuple[str, ...] = ()
    """The namespaces whose Zones and RecordSets count; empty for all."""

    def core(self, user: str, password: str) -> Server:
        """The core, for one of its users."""
        return Server(self.core_host, self.core_port, user, password)


def from_environment(environ: Mapping[str, str]) -> Configuration:
    """The configuration; ConfigurationError names every variable that is missing or wrong."""
    reader = _Reader(environ)
    role = reader.choice("DNSFLEET_ROLE", ROLES)
    found = Configuration(
        namespace=reader.text("DNSFLEET_NAMESPACE"),
        release=reader.text("DNSFLEET_RELEASE", "dnsfleet"),
        identity=reader.text("POD_NAME"),
        edge_image=reader.text("DNSFLEET_EDGE_IMAGE"),
        pull_policy=reader.text("DNSFLEET_IMAGE_PULL_POLICY", "IfNotPresent"),
        pull_secrets=reader.names("DNSFLEET_IMAGE_PULL_SECRETS"),
        core_host=reader.text("DNSFLEET_CORE_HOST"),
        core_port=reader.port("DNSFLEET_CORE_PORT", DEFAULT_CORE_PORT),
        keys_secret=reader.text("DNSFLEET_KEYS_SECRET", "dnsfleet-keys"),
        http_port=reader.port("DNSFLEET_HTTP_PORT", DEFAULT_HTTP_PORT),
        orphan_seconds=reader.seconds("DNSFLEET_ORPHAN_SECONDS", DEFAULT_ORPHAN_SECONDS),
        trust_clock=reader.flag("DNSFLEET_TRUST_CLOCK"),
        core_names=reader.names("DNSFLEET_CORE_NAMES"),
        core_tls_secret=environ.get("DNSFLEET_CORE_TLS_SECRET", ""),
        role=role,
        edge_log_level=reader.choice("DNSFLEET_EDGE_LOG_LEVEL", LOG_LEVELS),
        probe_log_level=reader.choice("DNSFLEET_PROBE_LOG_LEVEL", LOG_LEVELS),
        cache_host_path_prefix=reader.text("DNSFLEET_CACHE_HOST_PATH_PREFIX", DEFAULT_CACHE_PREFIX),
        cache_host_path_init=reader.flag("DNSFLEET_CACHE_HOST_PATH_INIT", True),
        priority_class=environ.get("DNSFLEET_PRIORITY_CLASS", ""),
        pod_labels=reader.texts("DNSFLEET_POD_LABELS"),
        pod_annotations=reader.texts("DNSFLEET_POD_ANNOTATIONS"),
        openshift=reader.flag("DNSFLEET_OPENSHIFT"),
        probes=reader.flag("DNSFLEET_PROBES"),
        gate=reader.flag("DNSFLEET_GATE"),
        notify_port=reader.port("DNSFLEET_NOTIFY_PORT", DEFAULT_NOTIFY_PORT),
        watch_namespaces=reader.names("DNSFLEET_WATCH_NAMESPACES"),
    )
    if reader.problems:
        raise ConfigurationError("\n".join(reader.problems))
    return found


class _Reader:
    """Reads variables and gathers what is wrong with any of them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        value = self._environ.get(name) or default
        if not value:
            self.problems.append(f"{name}: not set; the chart's Deployment sets it")
        return value

    def choice(self, name: str, allowed: Sequence[str]) -> str:
        """One of the values that are allowed; the first where none is given."""
        value = self._environ.get(name) or allowed[0]
        if value not in allowed:
            self.problems.append(f"{name}: {value!r}: give one of {', '.join(allowed)}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._environ.get(name) or str(default).lower()
        if value not in ("true", "false"):
            self.problems.append(f"{name}: {value!r}: give true or false")
        return value == "true"

    def texts(self, name: str) -> dict[str, str]:
        """A JSON object of texts."""
        value = self._environ.get(name) or "{}"
        try:
            found = json.loads(value)
        except ValueError:
            found = None
        if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
            self.problems.append(f"{name}: {value!r} is no JSON object of texts")
            return {}
        return found

    def names(self, name: str) -> tuple[str, ...]:
        return tuple(part for part in self._environ.get(name, "").split(",") if part)

    def port(self, name: str, default: int) -> int:
        value = self._environ.get(name) or str(default)
        if not (value.isdecimal() and 0 < int(value) <= MAX_PORT):
            self.problems.append(f"{name}: {value!r} is no port, give 1 to {MAX_PORT}")
            return default
        return int(value)

    def seconds(self, name: str, default: float) -> float:
        value = self._environ.get(name) or str(default)
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number < float("inf"):
            self.problems.append(f"{name}: {value!r} is no number of seconds")
            return default
        return number
