"""`dnsfleet zone import --axfr`: what a server transfers, printed as the master file would be."""

from pathlib import Path

from dnsfleet.violations import Violation
from dnsfleet.zones import master_files

from dnsfleet_cli import zone_commands, zone_files, zone_objects
from dnsfleet_cli.options import Output
from dnsfleet_cli.transferring import fetching
from dnsfleet_cli.troubles import Trouble, counted

FILE_FIRST = "for `dnsfleet up`, write a file with -o zone, and import that with -o path"


def import_axfr(server: str, origin: str, key_file: Path | None, output: Output) -> int:
    """Print the zone that a server has as objects in YAML, or as a master file."""
    if output is Output.PATH:
        raise Trouble(f"-o path names a file, and --axfr has none; {FILE_FIRST}")
    apex = zone_files.normal_origin(origin)
    fetched = fetching.fetch(server, apex, key_file)
    built, found = master_files.read(fetched.text, fetched.source, apex)
    if fetched.left_out:
        message = f"{counted(fetched.left_out, 'record')} outside of the zone, left out"
        found.append(Violation("OutOfZone", message, fetched.source, "warning"))
    zone = zone_commands.told((built, found), fetched.source)
    return zone_objects.print_zone(zone, output, fetched.source, FILE_FIRST)
