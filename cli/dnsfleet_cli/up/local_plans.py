"""What a plan about `dnsfleet up` rehearses: all files that it would be given, beside its core."""

from collections.abc import Sequence
from pathlib import Path

from dnsfleet.resources import Pop
from dnsfleet.zones.placements import Fleet
from dnsfleet_publisher.core_redis import connect
from dnsfleet_publisher.dry_core import DryCore
from dnsfleet_publisher.rehearsals import Rehearsal

from dnsfleet_cli import document_files
from dnsfleet_cli.options import PlanForm
from dnsfleet_cli.planning import running
from dnsfleet_cli.planning.rendering import in_manifest
from dnsfleet_cli.planning.running import Prepared
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up import publisher_key
from dnsfleet_cli.up.local_fleet import LocalFleet
from dnsfleet_cli.whole_files import PatientFiles
from dnsfleet_cli.zone_paths import ZonePaths, not_asked


def run(paths: Sequence[Path], state_dir: Path, redis_url: str | None, form: PlanForm) -> int:
    """See `planning.running.run`."""
    return running.run(lambda: _prepare(paths, state_dir, redis_url), form, not_asked, in_manifest)


def _prepare(paths: Sequence[Path], state_dir: Path, redis_url: str | None) -> Prepared:
    fleet = LocalFleet(paths, state_dir, redis_url)
    path = state_dir / "publisher.key"
    key = publisher_key.read(path)
    if key is None:
        raise Trouble(f"{path} is missing: see that `dnsfleet up` runs from this folder")
    files = PatientFiles()
    found, refused = document_files.read_all(paths, files)
    core = DryCore(connect(fleet.core_url))
    rehearsal = Rehearsal(core, key, None, ZonePaths(files), by_owner=False)
    rehearsal.begin([])
    pops = [each.resource for each in found if isinstance(each.resource, Pop)]
    running_pops = {pop.metadata.name for pop in pops if not pop.drain_asked_by}
    return Prepared(rehearsal, found, Fleet(running_pops), refused)
