"""An API server that gives no answer, or says "later": heard of at once, and no request repeated.

ExternalDNS waits for 15 s and then ends, so a client that tries again by itself may not be used.
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dnsfleet.resources import Reference
from dnsfleet_externaldns import cluster
from dnsfleet_externaldns.cluster import Cluster
from dnsfleet_kubernetes.calls import UnavailableError

LATER = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n"
"""What an API server with too much to do says (API Priority and Fairness)."""
PLACE = Reference("RecordSet", "dns", "a")


@contextlib.contextmanager
def server(answer: bytes) -> Iterator[tuple[int, list[socket.socket]]]:
    """A server that answers so, or not at all; its port, and the connections that it had."""
    had: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):  # which ends it
                while True:
                    had.append(listening.accept()[0])
                    had[-1].recv(65536)
                    had[-1].sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1], had
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for each in had:
                each.close()


@pytest.mark.parametrize("answer", [b"", LATER], ids=["none", "later"])
@pytest.mark.parametrize(
    "ask",
    [lambda it: list(it.zones()), lambda it: it.labels("dns"), lambda it: it.delete(PLACE, "u")],
    ids=["list", "get", "delete"],
)
def test_nothing_is_asked_twice(
    ask: Callable[[Cluster], object],
    answer: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster, "TIMEOUT_SECONDS", 0.5)
    with server(answer) as (port, had):
        place = {"cluster": {"server": f"http://127.0.0.1:{port}"}, "name": "t"}
        content = {"clusters": [place], "users": [{"name": "t", "user": {"token": "t"}}]}
        context = {"name": "t", "context": {"cluster": "t", "user": "t"}}
        content |= {"contexts": [context], "current-context": "t"}  # type: ignore[dict-item]
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(json.dumps(content))
        default = "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION"
        monkeypatch.setattr(default, str(kubeconfig))
        api = Cluster()
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            ask(api)
        assert len(had) == 1
        assert time.monotonic() - began < 10
