"""Where edges keep zones, who makes that writable, and what is told where it is not."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.pops import caches, configs
from dnsfleet_operator.pops.setting import USER_ID, Setting
from support import yaml_resources
from support.installations import CONFIGURATION

PREPARED = replace(CONFIGURATION, cache_host_path_init=False)
FOLDER = "{edge: {cacheHostPath: /var/cache/dnsfleet}}"
CLAIM = "{edge: {cacheClaimName: zones}}"
PATH = {"PATH": "/usr/bin:/bin"}


def setting(spec: str, configuration: Configuration = CONFIGURATION) -> Setting:
    return Setting(yaml_resources.pop(spec), configuration, "PEM", drained=False)


@pytest.mark.parametrize(
    ("spec", "volume"),
    [
        ("", {"emptyDir": {}}),
        (FOLDER, {"hostPath": {"path": "/var/cache/dnsfleet", "type": "DirectoryOrCreate"}}),
        (CLAIM, {"persistentVolumeClaim": {"claimName": "zones"}}),
    ],
)
def test_zones_are_kept_with_the_pod_or_where_the_pop_says(spec: str, volume: Any) -> None:
    assert caches.volume(setting(spec)) == {"name": "state", **volume}


ON_NODES = f"{FOLDER[:-2]}, exposure: HostNetwork, nodeSelector: {{dns: 'yes'}}}}}}"


def test_a_folder_of_the_node_is_given_to_the_edges_before_they_start() -> None:
    (owning,) = caches.before(setting(FOLDER), USER_ID)
    assert owning["volumeMounts"] == [{"name": "state", "mountPath": "/var/lib/dnsfleet"}]
    assert owning["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN"]}
    assert owning["securityContext"]["runAsUser"] == 0


@pytest.mark.parametrize("parent", [0, USER_ID])
def test_each_pop_has_a_folder_of_its_own_user_whoever_starts_last(
    tmp_path: Path, parent: int
) -> None:
    if os.geteuid() != 0:
        pytest.fail("only root can give a folder away")
    os.chown(tmp_path, parent, parent)
    tmp_path.chmod(0o700)
    for spec, user in ((FOLDER, USER_ID), (ON_NODES, 0), (FOLDER, USER_ID)):
        (owning,) = caches.before(setting(spec), user)
        environment = {each["name"]: each["value"] for each in owning["env"]}
        environment |= {"FOLDER": str(tmp_path)}
        as_granted = ["setpriv", "--bounding-set=-all,+chown"]
        command = [*as_granted, *owning["command"]]
        subprocess.run(command, env=environment | PATH, check=True)
    assert owner(tmp_path / "fra") == USER_ID
    assert owner(tmp_path / "fra.host") == 0
    assert owner(tmp_path) == 0
    assert tmp_path.stat().st_mode & 0o777 == 0o711, "each finds its own below"


def owner(path: Path) -> int:
    return path.stat().st_uid


@pytest.mark.parametrize(
    ("spec", "user", "file"), [(FOLDER, USER_ID, "edge.json"), (ON_NODES, 0, "edge-on-node.json")]
)
@pytest.mark.parametrize("configuration", [CONFIGURATION, PREPARED])
def test_what_runs_before_an_edge_sees_to_the_folder_that_the_edge_reads(
    spec: str, user: int, file: str, configuration: Configuration
) -> None:
    asked = setting(spec, configuration)
    (container,) = caches.before(asked, user)
    environment = {each["name"]: each.get("value", "") for each in container["env"]}
    read = json.loads(configs.files(asked)[file])["state_dir"]
    assert f"{environment['FOLDER']}/{environment['POP']}" == read


@pytest.mark.parametrize(
    ("spec", "configuration"),
    [
        (FOLDER, PREPARED),
        (FOLDER, replace(CONFIGURATION, openshift=True)),
        (CLAIM, CONFIGURATION),
    ],
)
def test_nothing_runs_as_root_where_that_is_not_asked_for(
    spec: str, configuration: Configuration
) -> None:
    (checking,) = caches.before(setting(spec, configuration), USER_ID)
    security = checking["securityContext"]
    assert "runAsUser" not in security
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["allowPrivilegeEscalation"] is False


def test_what_runs_before_an_edge_says_what_it_needs() -> None:
    assert caches.before(setting(""), USER_ID) == []
    for configuration in (CONFIGURATION, PREPARED):
        (container,) = caches.before(setting(FOLDER, configuration), USER_ID)
        assert container["resources"]["requests"] and container["resources"]["limits"]


@pytest.mark.parametrize(
    ("modes", "said"),
    [
        ({"": 0o755}, ""),
        ({"": 0o555, "fra": 0o755}, ""),
        ({"": 0o555}, "/cache"),
        ({"": 0o755, "fra": 0o555}, "/cache/fra"),
        ({"": 0o555, "other": 0o755}, "/cache"),
    ],
)
def test_the_check_says_which_folder_cannot_be_written_and_never_fails(
    tmp_path: Path, modes: dict[str, int], said: str
) -> None:
    folder, log = tmp_path / "state", tmp_path / "termination-log"
    for name in sorted(modes):
        (folder / name).mkdir()
    for name in sorted(modes, reverse=True):
        (folder / name).chmod(modes[name])
    (checking,) = caches.before(setting("{edge: {cacheHostPath: /cache}}", PREPARED), USER_ID)
    environment = {each["name"]: each.get("value", "") for each in checking["env"]}
    environment |= {"FOLDER": str(folder), "NODE": "node-1", "NAME": "pop-fra-edge-x"}
    script = checking["command"][-1].replace("/dev/termination-log", str(log))
    without_rights = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []
    subprocess.run([*without_rights, "sh", "-c", script], env=environment | PATH, check=True)
    told = log.read_text() if log.exists() else ""
    if said:
        assert told == (
            f"user {os.geteuid()} cannot write {said} on node node-1: "
            "have it belong to that user (chown), then delete the pod pop-fra-edge-x\n"
        )
    else:
        assert not told


def ended(message: str, name: str = "check-cache") -> dict[str, Any]:
    state = {"terminated": {"exitCode": 0, "message": message}}
    return {"status": {"initContainerStatuses": [{"name": name, "state": state}]}}


def test_what_the_check_said_is_the_problem_of_the_pop() -> None:
    for pods in ([], [{}], [ended("")], [ended("it cannot", "other")]):
        assert caches.problem(pods) is None
    told = "edges answer and keep no zones on disk: it cannot"
    assert caches.problem([ended(""), ended("it cannot\n")]) == ("CacheNotWritable", told)
    assert caches.problem([ended("so"), ended("it cannot")]) == (
        "CacheNotWritable",
        f"{told}; so 1 more",
    )
