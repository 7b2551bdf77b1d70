"""`dnsfleet crds`: the CustomResourceDefinitions as files, a kind in each."""

from pathlib import Path

from dnsfleet import crds

from dnsfleet_cli.troubles import Trouble, reason


def write(folder: Path) -> None:
    """Write every file into `folder`, made if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in crds.render().items():
            (folder / name).write_text(text)
            print(folder / name)
    except OSError as error:
        raise Trouble(f"{error.filename or folder}: {reason(error)}") from None
