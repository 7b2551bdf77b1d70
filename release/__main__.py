"""`python -m release make|publish`: what `make dist` and `make publish` run."""

import argparse
from pathlib import Path

from release import provenance, publishing
from release.source import ROOT, ReleaseError, read


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "dist", help="default: dist")
    parts = parser.add_subparsers(dest="part", required=True)
    making = parts.add_parser("make", help="make all artefacts")
    making.add_argument("--base", required=True, help="image below ours: NAME@sha256:…")
    making.add_argument("--builder", default=provenance.HERE, help="URI of who builds")
    making.add_argument("--fresh", action="store_true", help="take no layer from earlier builds")
    making.add_argument("--modified", action="store_true", help="files may differ from the commit")
    parts.add_parser("publish", help="publish and sign what was made")
    given = parser.parse_args()
    try:
        if given.part == "publish":
            publishing.publish(read(), given.folder)
            return
        from release.making import Wishes, make  # it needs more than what publishes may hold

        wishes = Wishes(given.base, given.builder, given.fresh, given.modified)
        for path in make(read(), given.folder, wishes):
            print(path)
    except ReleaseError as error:
        raise SystemExit(f"error: {error}") from None


main()
