"""The workflow of a release calls make, pins what it takes from others, and may do what it must."""

import re
from typing import Any

import pytest
import yaml

from release import source

PATH = source.ROOT / ".github" / "workflows" / "release.yaml"
TEXT = PATH.read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
_TOP = {"name", True, "permissions", "concurrency", "env", "jobs"}
"""YAML 1.1 reads the key `on` as true."""
_JOB = {"needs", "runs-on", "timeout-minutes", "environment", "permissions", "steps"}


def test_it_has_only_fields_that_are_known_here() -> None:
    assert set(WORKFLOW) == _TOP
    for job in JOBS.values():
        assert set(job) <= _JOB
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert set(step) <= {"uses", "with", "run", "env"}
            assert ("uses" in step) != ("run" in step)


def test_it_runs_make_and_nothing_else() -> None:
    commands = [step["run"] for step in STEPS if "run" in step]
    assert commands == ["make dist", "make publish"]
    makefile = (source.ROOT / "Makefile").read_text()
    for command in commands:
        assert re.search(rf"^{command.removeprefix('make ')}:", makefile, re.MULTILINE)


def test_actions_are_pinned_by_commit_with_the_version_beside() -> None:
    lines = re.findall(r"uses: (.*)", TEXT)
    assert len(lines) == len([step for step in STEPS if "uses" in step])
    for line in lines:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


def test_the_base_image_is_pinned_by_digest() -> None:
    assert re.fullmatch(r"docker\.io/[\w/]+@sha256:[0-9a-f]{64}", WORKFLOW["env"]["BASE_IMAGE"])


def test_nothing_is_permitted_by_default_and_only_the_job_that_signs_has_an_identity() -> None:
    assert WORKFLOW["permissions"] == {}
    assert JOBS["build"]["permissions"] == {"contents": "read"}
    assert JOBS["publish"]["permissions"] == {
        "contents": "write",
        "packages": "write",
        "id-token": "write",
    }
    assert JOBS["publish"]["environment"] == "release"
    assert JOBS["publish"]["needs"] == "build"


def test_the_job_with_the_identity_builds_nothing_of_others() -> None:
    makefile = (source.ROOT / "Makefile").read_text()
    found = re.search(r"^publish: (.*?) ##.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert found is not None
    assert found[1] == "$(UV)"
    assert found[2].startswith("\t$(UV) run --frozen --no-build --only-group publish ")


def test_only_a_tag_of_a_version_starts_it() -> None:
    assert WORKFLOW[True] == {"push": {"tags": ["v*"]}}


def test_no_token_is_left_in_a_checkout_or_written_into_a_command() -> None:
    for step in STEPS:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
        assert "${{" not in step.get("run", ""), "what others chose is no part of a shell command"
    assert "secrets." not in TEXT


@pytest.mark.parametrize("name", ["BASE_IMAGE", "BUILDER"])
def test_make_takes_what_the_workflow_sets(name: str) -> None:
    assert name in WORKFLOW["env"]
    assert f"$({name})" in (source.ROOT / "Makefile").read_text()
