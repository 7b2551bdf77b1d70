"""Shows a fleet's events: a table, lines and a progress bar for people, JSON lines for programs."""

import json
import sys

from dnsfleet.violations import Violation
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from dnsfleet_cli.troubles import counted
from dnsfleet_cli.up import events


class JsonLines:
    """One JSON object a line on standard output."""

    def show(self, event: events.Event) -> None:
        """Print the event at once."""
        sys.stdout.write(json.dumps(events.to_json(event), ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def close(self) -> None:
        """Nothing is open."""


class Terminal:
    """Text for people on standard output; colours and the bar only where it is a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("reading {task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._bars: dict[str, TaskID] = {}

    def show(self, event: events.Event) -> None:
        """Show one event; no line for those that a later event completes."""
        match event:
            case events.Loading():
                self._load(event)
            case events.Ready():
                self._table(event)
            case events.Started() | events.Published():
                pass
            case _:
                self._console.print(_line(event), markup=False, style=_style(event))

    def close(self) -> None:
        """Take the progress bar away."""
        if self._bars:
            self._progress.stop()

    def _load(self, event: events.Loading) -> None:
        if not self._console.is_terminal:
            return
        if event.file not in self._bars:
            self._progress.start()
            self._bars[event.file] = self._progress.add_task(event.file, total=event.total)
        self._progress.update(self._bars[event.file], completed=event.read)
        if event.read >= event.total:
            self._progress.remove_task(self._bars.pop(event.file))
            if not self._bars:
                self._progress.stop()

    def _table(self, event: events.Ready) -> None:
        table = Table(
            title=f"{counted(len(event.zones), 'zone')} at {counted(len(event.pops), 'Pop')}"
        )
        for column in ("Pop", "Address", "Zones", "Revision", "Ready"):
            table.add_column(column, no_wrap=True)
        for row in event.pops:
            ready = "yes" if row.ready else "no"
            table.add_row(row.pop, "  ".join(row.addresses), str(row.zones), row.revision, ready)
        self._console.print(table)
        self._console.print(f"ready after {event.seconds:.1f} s; try", markup=False)
        self._console.print(f"  {event.dig}", markup=False, style="bold")
        self._console.print(f"or look at {event.status_page}", markup=False)


def _line(event: events.Event) -> str:
    match event:
        case events.Exited():
            return (
                f"{event.process} ended with status {event.code}; starting it again in "
                f"{event.seconds:.1f} s (see {event.log})"
            )
        case events.Observing():
            return f"Prometheus at {event.prometheus}, Alertmanager at {event.alertmanager}"
        case events.Transferring():
            return f"zones are transferred at {'  '.join(event.addresses)}"
        case events.Waiting():
            return f"still waiting for {', '.join(event.pops)} (see {event.logs})"
        case events.Propagated():
            return (
                f"{event.zone} serial {event.serial} live at {event.pops}/{event.pops} Pops "
                f"in {event.seconds:.3f} s"
            )
        case events.Removed():
            return (
                f"{event.zone} removed from {counted(event.pops, 'Pop')} in {event.seconds:.3f} s"
            )
        case events.Held():
            return f"{event.zone} held, what it had is served on: {event.message}"
        case events.Rejected():
            return str(Violation(event.reason, event.message, event.where))
        case events.Warned():
            return str(Violation(event.reason, event.message, event.where, "warning"))
        case events.Stopped():
            return "stopped"
    raise TypeError(f"no line for {event}")


def _style(event: events.Event) -> str:
    match event:
        case events.Rejected() | events.Held() | events.Exited():
            return "red"
        case events.Warned() | events.Waiting():
            return "yellow"
        case events.Propagated():
            return "green"
    return ""
