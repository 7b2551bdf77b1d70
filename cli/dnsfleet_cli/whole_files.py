"""Files that are read only while nobody writes them, so that half a file never goes live.

The kernel knows whether a program has a file open for writing, and tells it to whoever asks for a
read lease (`F_SETLEASE`, fcntl(2)): it refuses one as long as there is a writer. So a file counts
as whole when its writer closed it, however long the writer pauses in the middle, and at once when
it was renamed into place. The answer is about the state of the file now. Nothing that happened
before this program began to watch, and no lost event, can make it wrong.

The lease is given back at once. A program that opens the file for writing in between waits for some
microseconds, and the kernel sends us SIGURG, which is ignored, in place of SIGIO, which would end
us.

The kernel knows only writers on this machine, and gives a lease only to the owner of a file and to
root. Where it does not know, a file counts as whole when it did not change for QUIET_SECONDS.
"""

import errno
import fcntl
import os
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path

from dnsfleet.violations import Violation

from dnsfleet_cli.zone_files import Stamp

QUIET_SECONDS = 0.5
"""Longer than a program pauses that writes a file in pieces."""
FIRST_WAIT_SECONDS = 0.02
"""Until a file is looked at again that is being written: most writers need milliseconds."""
MAX_WAIT_SECONDS = 0.5
WAIT_SHARE = 10
"""A file that is being written is looked at again after a tenth of the time that it has been."""
LATE_SECONDS = 5.0
"""Whoever writes a file for so long should be told what that means."""
OLD_SECONDS = 60.0
"""A file that did not change for so long is quiet: the clocks of two machines differ less."""

LOCAL = frozenset(
    ("bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "ramfs", "tmpfs", "xfs", "zfs")
)
"""Types of file systems that only this machine writes to."""


class BeingWrittenError(OSError):
    """A file has a writer, so nobody knows yet what it is to say."""

    def __init__(self, path: Path) -> None:
        message = "it is being written; it counts when the program that writes it closes it"
        super().__init__(errno.ETXTBSY, message, str(path))


class Files:
    """Reads files as they are: where nobody else writes them."""

    def read(self, path: Path) -> bytes:
        """The content; BeingWrittenError where it is half written, as far as that is asked for."""
        return path.read_bytes()

    def is_whole(self, _path: Path) -> bool:
        """Whether `read` would not say that a file is half written."""
        return True


class WholeFiles(Files):
    """Reads files that are whole, and knows which ones are not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._written: dict[Path, float] = {}
        """Since when each file is known to be half written."""
        self._quiet: dict[Path, tuple[Stamp, float]] = {}
        """Since when each file is as it is, where the kernel knows no writers."""
        self._local: dict[int, bool] = {}
        """By device: whether its writers are known."""

    @property
    def wait(self) -> float:
        """Seconds until something may be whole that is not; infinity where all is."""
        if not self._written:
            return float("inf")
        age = self._clock() - max(self._written.values())
        return min(max(age / WAIT_SHARE, FIRST_WAIT_SECONDS), MAX_WAIT_SECONDS)

    @property
    def late(self) -> list[Path]:
        """The files that have been half written for LATE_SECONDS."""
        now = self._clock()
        return sorted(p for p, since in self._written.items() if now - since >= LATE_SECONDS)

    def look(self) -> None:
        """Look again at what was half written."""
        for path in list(self._written):
            self.is_whole(path)

    def read(self, path: Path) -> bytes:
        """The content; BeingWrittenError where it is half written."""
        try:
            with path.open("rb") as file:
                before = os.fstat(file.fileno())
                if not stat.S_ISREG(before.st_mode):
                    return file.read()
                if not self._look(path, file.fileno()):
                    raise BeingWrittenError(path)
                data = file.read()
                after = os.fstat(file.fileno())
                # Who opened it meanwhile is still there, or left another stamp.
                if not self._look(path, file.fileno()) or Stamp.of(after) != Stamp.of(before):
                    self._written.setdefault(path, self._clock())
                    raise BeingWrittenError(path)
                return data
        except FileNotFoundError:
            self._forget(path)
            raise

    def is_whole(self, path: Path) -> bool:
        """Whether `read` would not say that a file is half written."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # it does not wait for a pipe
        except OSError:
            self._forget(path)
            return True
        try:
            regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            return not regular or self._look(path, descriptor)
        finally:
            os.close(descriptor)

    def _forget(self, path: Path) -> None:
        self._written.pop(path, None)
        self._quiet.pop(path, None)

    def _look(self, path: Path, descriptor: int) -> bool:
        """Whether an open file is whole, noted."""
        status = os.fstat(descriptor)
        written = None
        if self._is_local(descriptor, status.st_dev):
            written = _has_writer(descriptor)
        if written is None:
            written = not self._is_quiet(path, Stamp.of(status))
        if written:
            self._written.setdefault(path, self._clock())
        else:
            self._written.pop(path, None)
        return not written

    def _is_quiet(self, path: Path, stamp: Stamp) -> bool:
        now = self._clock()
        before, since = self._quiet.get(path, (None, now))
        if before != stamp:
            self._quiet[path] = (stamp, now)
            return False
        return now - since >= QUIET_SECONDS

    def _is_local(self, descriptor: int, device: int) -> bool:
        known = self._local.get(device)
        if known is None:
            known = self._local[device] = _file_system(descriptor) in LOCAL
        return known


class PatientFiles(WholeFiles):
    """Waits until a file is whole: for commands that read once what somebody has just named.

    Many files that are old need no wait, even where the kernel knows no writers.
    """

    def read(self, path: Path) -> bytes:
        """The content; BeingWrittenError where it is half written for LATE_SECONDS."""
        while True:
            try:
                return super().read(path)
            except BeingWrittenError:
                if path in self.late:
                    raise
            time.sleep(min(self.wait, MAX_WAIT_SECONDS))

    def _is_quiet(self, path: Path, stamp: Stamp) -> bool:
        age = time.time_ns() - stamp.mtime_ns
        return age > OLD_SECONDS * 1e9 or super()._is_quiet(path, stamp)


def still_written(path: Path) -> Violation:
    """What to tell of a file that is half written for long."""
    message = (
        "it is still being written, so what it said before counts; "
        "it is read when the program that writes it closes it"
    )
    return Violation("BeingWritten", message, str(path), "warning")


def _has_writer(descriptor: int) -> bool | None:
    """Whether a program has the file open for writing; None where the kernel does not tell."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _file_system(descriptor: int) -> str:
    """The type of the file system of an open file, as mount(8) calls it; empty if unknown."""
    try:
        about = Path(f"/proc/self/fdinfo/{descriptor}").read_text()
        mounts = Path("/proc/self/mountinfo").read_text()
    except OSError:
        return ""
    (number,) = (line.split()[1] for line in about.splitlines() if line.startswith("mnt_id:"))
    for mount in mounts.splitlines():
        if mount.split()[0] == number:
            return mount.partition(" - ")[2].split()[0]
    return ""
