"""`dashboard`: the status page of a cluster at a port of this machine.

Each connection of the browser is carried to the pod through the API server (port-forward), which
asks whether the caller may do that: the page has no login of its own. The pod is looked up for each
of them, so the page goes on when the pod is replaced.
"""

import contextlib
import socket
import threading
from typing import Any

from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.pods import Pod
from dnsfleet_cli.troubles import Trouble, reason

LOOPBACK = "127.0.0.1"
PIECE = 64 * 1024
"""Octets that are carried at once."""


def run(cluster: Cluster, namespace: str, port: int) -> None:
    """Serve until Ctrl-C; Trouble where there is no page, or the port is taken."""
    namespace = cluster.release(namespace)
    _pod(cluster, namespace)
    try:
        listening = socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise Trouble(f"cannot listen on port {port}: {reason(error)}; choose another") from None
    with listening, contextlib.suppress(KeyboardInterrupt):
        print(f"http://{LOOPBACK}:{listening.getsockname()[1]}/ until Ctrl-C", flush=True)
        while True:
            browser, _ = listening.accept()
            threading.Thread(target=_carry, args=(cluster, namespace, browser), daemon=True).start()


def _pod(cluster: Cluster, namespace: str) -> Pod:
    found = cluster.status_pods(namespace)
    if not found:
        raise Trouble(
            f"no Ready pod of a status page in namespace {namespace}: install the release with "
            "statusPage.enabled=true"
        )
    return found[0]


def _carry(cluster: Cluster, namespace: str, browser: socket.socket) -> None:
    """Carry one connection, in both directions, until both have ended."""
    with browser:
        try:
            pod = cluster.connection(_pod(cluster, namespace))
        except Trouble as trouble:
            print(trouble, flush=True)
            return
        with contextlib.closing(pod):
            answers = threading.Thread(target=_pass_on, args=(pod, browser), daemon=True)
            answers.start()
            _pass_on(browser, pod)
            answers.join()


def _pass_on(source: Any, target: Any) -> None:
    """Pass on all that one side says, then tell the other that it has ended."""
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
