"""What `dnsfleet up` has the publisher do, against a real core."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import keys
from dnsfleet_cli.document_files import DocumentFiles
from dnsfleet_cli.up import events
from dnsfleet_cli.up.desired import DesiredReader
from dnsfleet_cli.up.events import Held
from dnsfleet_cli.up.publication import Publication, Unavailable
from dnsfleet_cli.up.redis_servers import external_core
from dnsfleet_publisher.publishing import Outcome, Publisher
from support.signature_records import signed
from support.up_runs import pops, zone
from support.valkey import Valkey

NAMES = ("one", "two", "three")
SIGNED = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: one}
spec:
  origin: one.example
  zoneFile:
    inline: |
"""
ORIGINS = {f"{name}.example." for name in NAMES}


class Writer:
    """Three zones in files, and the origins that each pass published, or compared, and removed."""

    def __init__(self, root: Path, core: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.root.mkdir()
        self.shown: list[events.Event] = []
        for name in NAMES:
            self.write(name, "192.0.2.1")
        (self.root / "pops.yaml").write_text(pops("fra"))
        self.reader = DesiredReader(
            DocumentFiles([root]), root.parent / "accepted.db", lambda _: None
        )
        self.publication = Publication(
            external_core(core.url),
            Ed25519PrivateKey.generate(),
            self.shown.append,
        )
        self.compared: list[str] = []
        self.removed: list[str] = []
        publish, remove = Publisher._publish, Publisher._remove

        def noted_publish(publisher: Publisher, origin: str, want: Any) -> Outcome:
            self.compared.append(origin)
            return publish(publisher, origin, want)

        def noted_remove(publisher: Publisher, origin: str) -> Outcome:
            self.removed.append(origin)
            return remove(publisher, origin)

        monkeypatch.setattr(Publisher, "_publish", noted_publish)
        monkeypatch.setattr(Publisher, "_remove", noted_remove)

    def write(self, name: str, address: str) -> None:
        (self.root / f"{name}.yaml").write_text(zone(name, address))

    def publish(self) -> set[str]:
        """Look and publish; the zones that have a new manifest."""
        self.compared.clear()
        self.removed.clear()
        self.reader.look(None)
        return {made.zone for made in self.publication.publish(self.reader.desired)}

    def close(self) -> None:
        self.publication.close()
        self.reader.close()


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "core")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def writer(tmp_path: Path, core: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    writer = Writer(tmp_path / "manifests", core, monkeypatch)
    yield writer
    writer.close()


def test_a_change_hands_on_what_changed(writer: Writer) -> None:
    assert writer.publish() == ORIGINS
    assert sorted(writer.compared) == sorted(ORIGINS)
    writer.write("two", "192.0.2.2")
    assert writer.publish() == {"two.example."}
    assert writer.compared == ["two.example."]
    assert writer.publish() == set()
    assert writer.compared == []


def test_another_number_of_zones_is_announced(writer: Writer, core: Valkey) -> None:
    writer.publish()
    with core.client() as client:
        before = client.get(keys.FLEET)
        writer.write("two", "192.0.2.2")
        writer.publish()
        assert client.get(keys.FLEET) == before
        writer.write("four", "192.0.2.1")
        assert writer.publish() == {"four.example."}
        assert writer.compared == ["four.example."]
        assert client.get(keys.FLEET) != before


def test_a_removal_is_handed_on_until_it_is_done(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnsfleet_cli.up.last_good.SETTLE_SECONDS", 0.0)
    writer.publish()
    (writer.root / "two.yaml").write_text("# retired\n")
    assert writer.publish() == {"two.example."}
    assert (writer.compared, writer.removed) == ([], ["two.example."])
    assert "two.example." not in writer.publication.manifests
    assert writer.publish() == set()
    assert (writer.compared, writer.removed) == ([], [])


def test_a_core_that_lost_its_data_gets_all_of_it_again(writer: Writer, core: Valkey) -> None:
    writer.publish()
    with core.client() as client:
        client.flushall()
        assert writer.publish() == ORIGINS
        assert writer.compared == [], "it is known what was published"
        assert {name.decode() for name in client.hkeys(keys.ZONES)} == ORIGINS
    assert writer.publish() == set()
    assert writer.compared == []


def test_a_core_that_lost_its_data_before_a_change_gets_all_of_it_again(
    writer: Writer, core: Valkey
) -> None:
    writer.publish()
    with core.client() as client:
        client.flushall()
        writer.write("two", "192.0.2.2")
        assert writer.publish() == ORIGINS
        assert {name.decode() for name in client.hkeys(keys.ZONES)} == ORIGINS
    assert set(writer.compared) == {"two.example."}


def test_a_placement_that_loses_most_pops_is_held_and_told(writer: Writer) -> None:
    chosen = zone("two", "192.0.2.1") + "  placement: {popSelector: {matchLabels: {region: eu}}}\n"
    (writer.root / "two.yaml").write_text(chosen)
    labelled = "---\n".join(
        pops(name).replace("}", ", labels: {region: eu}}") for name in ("fra", "ams")
    )
    (writer.root / "pops.yaml").write_text(labelled)
    writer.publish()
    (writer.root / "pops.yaml").write_text(labelled.replace("region: eu", "region: ue"))
    (writer.root / "two.yaml").write_text(chosen.replace("192.0.2.1", "192.0.2.2"))
    assert writer.publish() == {"two.example."}
    assert writer.publication.manifests["two.example."].pops == ("ams", "fra")
    (told,) = [each for each in writer.shown if isinstance(each, Held)]
    assert told.message.startswith("the change takes 2 of 2 Pops from the zone: ams, fra; if that")
    approval = f'{{name: two, annotations: {{dnsfleet.io/approve: "{told.message[-16:]}"}}}}'
    (writer.root / "two.yaml").write_text(chosen.replace("{name: two}", approval))
    assert writer.publish() == {"two.example."}
    assert writer.publication.manifests["two.example."].pops == ()


def test_what_could_not_be_published_waits_for_the_core(writer: Writer, core: Valkey) -> None:
    writer.publish()
    core.kill()
    writer.write("two", "192.0.2.2")
    for _ in range(2):
        with pytest.raises(Unavailable):
            writer.publish()
        assert writer.reader.desired.unpublished == {"two.example."}
    core.start()
    assert writer.publish() == ORIGINS


def test_a_zone_that_was_never_good_costs_the_others_nothing(writer: Writer) -> None:
    writer.publish()
    writer.write("bad", "192.0.2.1")
    path = writer.root / "bad.yaml"
    path.write_text(path.read_text() + "    - {name: www, type: CNAME, data: [other]}\n")
    assert writer.publish() == set()
    assert writer.compared == []
    assert writer.publish() == set()
    assert writer.compared == []


def test_a_zone_that_failed_is_tried_again(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    writer.publish()
    writer.write("two", "192.0.2.2")
    publish = Publisher._publish

    def fail(publisher: Publisher, origin: str, _: Any) -> Outcome:
        writer.compared.append(origin)
        return publisher.failed(origin, "PublishFailed", ValueError("no"))

    monkeypatch.setattr(Publisher, "_publish", fail)
    for _ in range(2):
        assert writer.publish() == set()
        assert writer.compared == ["two.example."]
    monkeypatch.setattr(Publisher, "_publish", publish)
    assert writer.publish() == {"two.example."}


def test_what_a_lost_key_signed_is_published_anew_or_leaves_the_index(
    writer: Writer, core: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnsfleet_cli.up.last_good.SETTLE_SECONDS", 0.0)
    writer.publish()
    (writer.root / "two.yaml").write_text("# retired\n")
    writer.publish()
    writer.close()
    reader = DesiredReader(
        DocumentFiles([writer.root]), writer.root.parent / "accepted.db", lambda _: None
    )
    writer.reader = reader
    key = Ed25519PrivateKey.generate()
    writer.publication = Publication(external_core(core.url), key, lambda _: None)
    assert writer.publish() == ORIGINS - {"two.example."}
    with core.client() as client:
        assert {name.decode() for name in client.hkeys(keys.ZONES)} == ORIGINS - {"two.example."}
    assert writer.publish() == set()


def test_signatures_that_have_ended_are_told_and_published(writer: Writer) -> None:
    text = signed(1, 2).to_text().replace("example.com.", "one.example.")
    manifest = "".join(f"      {line}\n" for line in text.splitlines())
    (writer.root / "one.yaml").write_text(SIGNED + manifest)
    assert "one.example." in writer.publish()
    writer.publication.look_at_signatures()
    warnings = [event for event in writer.shown if isinstance(event, events.Warned)]
    assert [(each.where, each.reason) for each in warnings] == [
        ("one.example.", "SignaturesExpired")
    ]
