"""The files of a plan: a folder may have files of other tools, as one that Kustomize reads has."""

from pathlib import Path

from dnsfleet_cli.kubectl.plans import read

KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [pop.yaml]
"""
POP = "apiVersion: dnsfleet.io/v1alpha1\nkind: Pop\nmetadata: {name: fra}\n"


def test_a_file_of_another_tool_in_a_folder_is_told_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text(KUSTOMIZATION)
    (tmp_path / "pop.yaml").write_text(POP)
    found, [told] = read([tmp_path])
    assert [each.kind for each in found] == ["Pop"]
    assert (told.severity, told.reason) == ("warning", "NotLookedAt")
    assert told.where == str(tmp_path / "kustomization.yaml")


def test_whoever_names_such_a_file_means_it(tmp_path: Path) -> None:
    file = tmp_path / "kustomization.yaml"
    file.write_text(KUSTOMIZATION)
    found, told = read([file])
    assert found == []
    assert {each.reason for each in told} == {"UnknownKind"}


def test_a_file_that_has_an_object_of_ours_too_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(f"{KUSTOMIZATION}---\n{POP}")
    found, told = read([tmp_path])
    assert [each.kind for each in found] == ["Pop"]
    assert {each.reason for each in told} == {"UnknownKind"}
