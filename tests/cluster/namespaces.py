"""Nodes made of namespaces: a network, mounts, process ids and a host name of their own.

The node's pid 1 (init.sh) holds all of them. Whatever runs on the node is its descendant or was
started in its namespaces, so one SIGKILL to pid 1 ends everything at once, as a power cut does. The
cgroups, the network's name and the node's folder stay; `Node.remove` removes them. A node has no
uplink: its packets end in a second namespace, the client's, from which tests ask the cluster as
outsiders. The nodes of one cluster or of several may end in the same one, which then routes between
them.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from support.waiting import wait_for

from cluster.networks import DNS, Network

START_SECONDS = 10.0
STOP_SECONDS = 120.0
NETWORKS = Path("/run/netns")
_CGROUPS = Path("/sys/fs/cgroup")
_CONTROLLERS = (
    *("blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids", "systemd"),
)
_CLONE_NEWNET = 0x40000000


class Node:
    """One node by name, with its own folder. Several may run at once: nothing is shared."""

    def __init__(
        self, name: str, folder: Path, network: Network, neighbour: "Node | None" = None
    ) -> None:
        """Its link ends where that of `neighbour` does, who must have been started before."""
        self.name = name
        self.folder = folder
        self.network = network
        self.client: str = f"{name}-client" if neighbour is None else neighbour.client
        self._shares_client = neighbour is not None
        self.cgroup = f"/{name}"
        self._pid_file = folder / "pid1"

    def start(self) -> None:
        """Boot it: namespaces, link to the client, cgroups. Its folder's content is kept.

        So a node whose power was cut comes up with its disk.
        """
        for folder in ("logs", "pids"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        self._link()
        self._make_cgroups()
        (self.folder / "ready").unlink(missing_ok=True)
        init = Path(__file__).with_name("init.sh")
        command = [
            *("setsid", "--fork", "nsenter", f"--net={NETWORKS / self.name}"),
            *("unshare", "--mount", "--uts", "--pid", "--fork", "--mount-proc"),
            *("--propagation", "private", "bash", str(init), self.name, str(self.folder)),
        ]
        with (self.folder / "logs" / "init").open("wb") as log:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=True,
            )
        wait_for(f"node {self.name} is up", (self.folder / "ready").exists, START_SECONDS)
        self._pid_file.write_text(str(wait_for("its pid 1", self._find_init, START_SECONDS)))

    @property
    def pid(self) -> int | None:
        """The node's pid 1 as this machine numbers it; None when the node is down."""
        try:
            pid = int(self._pid_file.read_text())
        except FileNotFoundError:
            return None
        return pid if self._is_init(pid) else None

    def enter(self) -> list[str]:
        """The prefix of a command line that runs it on the node."""
        if self.pid is None:
            raise RuntimeError(f"node {self.name} is down, run `make cluster-up` first")
        return ["nsenter", "-t", str(self.pid), "--mount", "--pid", "--net", "--uts"]

    def run(self, *command: str | Path, stdin: bytes | None = None) -> str:
        """Run a command on the node and return what it printed; a failure shows its output."""
        done = subprocess.run(
            [*self.enter(), *map(str, command)], input=stdin, capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} on {self.name} failed: {done.stderr.decode()}")
        return done.stdout.decode()

    def spawn(self, name: str, command: Sequence[str | Path], keep: Sequence[int] = ()) -> None:
        """Start a daemon; its output goes to logs/NAME, its id on the node to pids/NAME.

        `keep` names open files that it inherits. It becomes a child of the node's pid 1: with a
        parent outside, which stops when it is stopped, it would never be reaped at the node's end.
        """
        pid_file = self.folder / "pids" / name
        pid_file.unlink(missing_ok=True)  # of the time before a power cut
        shell = ["setsid", "--fork", "bash", "-c", 'echo $$ >"$0"; exec "$@"', str(pid_file)]
        with (self.folder / "logs" / name).open("ab") as log:
            subprocess.run(
                [*self.enter(), *shell, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=tuple(keep),
                check=True,
            )
        wait_for(f"{name} is started", lambda: pid_file.exists() and pid_file.read_text(), 10)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a daemon by the name it was spawned with."""
        pid = (self.folder / "pids" / name).read_text().strip()
        self.run("kill", f"-{number.name.removeprefix('SIG')}", pid)

    def cut_power(self) -> None:
        """End it at once; its disk stays. Nothing happens when there is none."""
        if pid := self.pid:
            os.kill(pid, signal.SIGKILL)
            wait_for(
                f"node {self.name} is gone", lambda: not Path(f"/proc/{pid}").exists(), STOP_SECONDS
            )
        for group in _CGROUPS.glob(f"*/{self.name}"):
            _remove_cgroup(group)
        # The kernel removes what is in a namespace some time later; the link has to go now. There
        # is none when a start failed.
        unlink = ["ip", "-n", self.name, "link", "del", "eth0"]
        subprocess.run(unlink, stderr=subprocess.DEVNULL, check=False)
        _remove_network(self.name)

    def remove(self) -> None:
        """End it at once and remove everything of it; nothing happens when there is none."""
        self.cut_power()
        if not self._shares_client:
            _remove_network(self.client)
        if self.folder.exists():
            # Never across a mount: a volume of this machine may be mounted below.
            subprocess.run(["rm", "-rf", "--one-file-system", str(self.folder)], check=True)

    def on_client(self) -> contextlib.AbstractContextManager[None]:
        """Sockets that this thread opens inside belong to the client's network, afterwards too."""
        return _inside(self.client)

    def on_node(self) -> contextlib.AbstractContextManager[None]:
        """Sockets that this thread opens inside belong to the node's network, afterwards too."""
        return _inside(self.name)

    def route(self, addresses: str) -> None:
        """Have the client, and whoever it routes for, reach these addresses through the node."""
        _ip("-n", self.client, "route", "replace", addresses, "via", self.network.node)

    def _link(self) -> None:
        _ip("netns", "add", self.name)
        if not self._shares_client:
            _ip("netns", "add", self.client)
            _ip("-n", self.client, "link", "set", "lo", "up")
        link = self.network.link
        _ip(
            *("link", "add", "eth0", "netns", self.name, "type", "veth"),
            *("peer", "name", link, "netns", self.client),
        )
        _ip("-n", self.name, "link", "set", "lo", "up")
        _ip("-n", self.name, "address", "add", f"{DNS}/32", "dev", "lo")
        for network, end, address in (
            (self.name, "eth0", self.network.node),
            (self.client, link, self.network.client),
        ):
            _ip("-n", network, "link", "set", end, "up")
            _ip("-n", network, "address", "add", f"{address}/24", "dev", end)
            command = ["nsenter", f"--net={NETWORKS / network}", "sysctl", "-qw"]
            subprocess.run([*command, "net.ipv4.ip_forward=1"], check=True)
        # The node reaches Service addresses only by a route that exists; the client reaches pods
        # through their node, and Services through the first one.
        _ip("-n", self.name, "route", "add", "default", "via", self.network.client)
        self.route(self.network.pods)
        if self.network.node == self.network.api:
            self.route(self.network.services)

    def _make_cgroups(self) -> None:
        for controller in _CONTROLLERS:
            group = _CGROUPS / controller / self.name
            group.mkdir(exist_ok=True)
            if controller == "cpuset":  # empty at first, and then nothing may run in it
                for file in ("cpuset.cpus", "cpuset.mems"):
                    (group / file).write_text((group.parent / file).read_text())

    def _find_init(self) -> int | None:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and self._is_init(int(entry.name)):
                return int(entry.name)
        return None

    def _is_init(self, pid: int) -> bool:
        """Whether it is pid 1 of a namespace and was started for this very folder."""
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            status = Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        inner = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
        return str(self.folder).encode() in command and len(inner) > 2 and inner[-1] == "1"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _remove_network(name: str) -> None:
    if (NETWORKS / name).exists():
        _ip("netns", "del", name)


@contextlib.contextmanager
def _inside(network: str) -> Iterator[None]:
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    other = os.open(NETWORKS / network, os.O_RDONLY)
    try:
        _set_namespace(other)
        yield
    finally:
        _set_namespace(own)
        os.close(own)
        os.close(other)


def _set_namespace(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "cannot change the network namespace")


def _remove_cgroup(group: Path) -> None:
    """Remove cgroups, the deepest first; one stays busy for a moment after its last process."""

    def removed() -> bool:
        for folder, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()
        return not group.exists()

    wait_for(f"cgroup {group} is empty", removed, STOP_SECONDS)
