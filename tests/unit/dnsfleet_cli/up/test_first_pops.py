"""The Pops are known before anything else is parsed."""

from pathlib import Path

import pytest
from dnsfleet.resources import documents
from dnsfleet_cli.document_files import DocumentFiles
from dnsfleet_cli.up.first_pops import first_pops
from support.up_runs import pops, zone


def names(folder: Path) -> list[str]:
    return [pop.metadata.name for pop in first_pops(DocumentFiles([folder]))]


def test_only_documents_that_may_be_pops_are_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones = [zone(f"z{number}", "192.0.2.1") for number in range(20)]
    (tmp_path / "mixed.yaml").write_text("---\n".join([*zones, pops("fra", "iad"), *zones]))
    (tmp_path / "zones.yaml").write_text("---\n".join(zones))
    parsed = []
    load = documents.load

    def noted(text: str, path: str) -> object:
        parsed.append(text)
        return load(text, path)

    monkeypatch.setattr(documents, "load", noted)
    assert names(tmp_path) == ["fra", "iad"]
    assert not any("Zone" in text for text in parsed)


@pytest.mark.parametrize("kind", ["Pop", '"Pop"', '"\\x50op"', '"\\u0050op"', '"Po\\\n  p"'])
def test_a_pop_is_found_however_its_kind_is_written(tmp_path: Path, kind: str) -> None:
    other = zone("one", "192.0.2.1")
    text = pops("fra").replace("kind: Pop", f"kind: {kind}")
    (tmp_path / "a.yaml").write_text(f"{other}---\n{text}---\n{other}")
    assert documents.load(text, "a")[1] == []
    assert names(tmp_path) == ["fra"]


def test_they_come_in_the_order_of_the_files_and_each_once(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(pops("b", "a", "c"))
    (tmp_path / "a.yaml").write_text(pops("z", "c"))
    assert names(tmp_path) == ["z", "c", "b", "a"]


def test_what_is_wrong_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"Pop: [\n---\n{pops('fra')}")
    (tmp_path / "b.yaml").write_bytes(pops("iad").encode("utf-16"))
    (tmp_path / "c.yaml").write_text(pops("sin"))
    assert names(tmp_path) == ["fra", "sin"]
