"""The provider is a distribution of its own: neither needs the other."""

import subprocess
import sys
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path

import octodns_dnsfleet
from hatchling.builders.wheel import WheelBuilder
from support.octodns_runs import DISTRIBUTION, OctodnsRun

ROOT = Path(__file__).parents[3]


def test_its_wheel_has_the_package_and_a_licence_and_needs_no_dnsfleet(tmp_path: Path) -> None:
    (path,) = WheelBuilder(str(DISTRIBUTION)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        told = message_from_string(wheel.read(metadata).decode())
    packages = {name.partition("/")[0] for name in names}
    assert packages == {"octodns_dnsfleet", metadata.partition("/")[0]}
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert told["License-Expression"] == "Apache-2.0"
    assert told["Version"] == octodns_dnsfleet.__version__
    needs = {each.split(">")[0] for each in told.get_all("Requires-Dist", [])}
    assert needs == {"dnspython", "kubernetes", "octodns"}


def test_it_imports_nothing_of_dnsfleet() -> None:
    code = "import sys, octodns_dnsfleet; print(*sys.modules)"
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(DISTRIBUTION)!r}); {code}",
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "octodns_dnsfleet" in loaded
    assert not {name for name in loaded if name.startswith("dnsfleet")}


def test_dnsfleet_does_not_need_octodns() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    needs = [*project["dependencies"], *(each for extra in extras for each in extra)]
    assert not [each for each in needs if "octodns" in each]


def test_both_have_the_same_licence() -> None:
    assert (DISTRIBUTION / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_files_are_validated_where_there_is_no_cluster(tmp_path: Path) -> None:
    run = OctodnsRun(tmp_path, tmp_path / "missing", namespace="dns")
    run.write("example.com.", {"www": {"type": "A", "value": "192.0.2.1"}})
    done = run.run("octodns-validate", "--config-file=octodns.yaml")
    assert done.returncode == 0, done.stdout
