"""What the first pass needs is taken in while objects are listed, and it makes no difference."""

from typing import Any

import pytest
from dnsfleet_operator.observed.observation import LISTED
from dnsfleet_operator.zones.passes import ZonePasses
from dnsfleet_publisher.store_errors import StoreError
from support.valkey import Valkey
from support.zone_writers import Writer, changed, item, record_set, zone

LATEST = 1000
"""A resourceVersion above that of every object here."""
NAMESPACE = item("Namespace", "dns", {}, namespace="") | {"apiVersion": "v1"}
WEB, MAIL = record_set("web", "www"), record_set("mail", "mail")
ALL = (NAMESPACE, zone("a"), zone("b"), zone("c"), WEB, MAIL)


def prepare(writer: Writer) -> None:
    while writer.passes.prepare(writer.observation):
        pass


def list_and_prepare(writer: Writer, *objects: dict[str, Any]) -> None:
    """A complete list with one object on each page, and all that can be prepared after each."""
    observation = writer.observation
    for kind in LISTED:
        observation.begin_list(kind)
        for each in (each for each in objects if each["kind"] == kind):
            observation.take_page(kind, [each])
            prepare(writer)
        for reference, known in observation.end_list(kind, LATEST):
            if kind == "Zone":
                writer.passes.deleted(reference, known)


def told(passes: ZonePasses) -> dict[str, Any]:
    """What the passes say, but for whether it was published by this writer."""
    results = passes.results
    return {
        "manifests": {origin: results.manifest(origin) for origin in results.outcomes},
        "origins": results.origins,
        "members": results.members,
        "violations": results.violations,
        "taken": results.taken,
        "orphans": passes.orphans,
    }


def position(core: Valkey) -> object:
    with core.client() as client:
        return client.get("dnsfleet:1:lsn")


def test_nothing_is_published_by_it(core: Valkey) -> None:
    Writer(core).run(*ALL)
    before = position(core)
    writer = Writer(core)
    list_and_prepare(writer, zone("a", hosts=3), *ALL[2:])
    assert position(core) == before
    assert writer.passes.waiting == len("abc")
    writer.work()
    assert writer.served()["a.example."] == 7


@pytest.mark.parametrize(
    "then",
    [
        pytest.param(ALL, id="the same"),
        pytest.param((*ALL[:3], changed(WEB, 2, records=[])), id="less, and not understood"),
        pytest.param((), id="nothing"),
    ],
)
def test_the_passes_say_what_they_say_without_it(
    core: Valkey, then: tuple[dict[str, Any], ...]
) -> None:
    Writer(core).run(*ALL)
    prepared, plain = Writer(core), Writer(core)
    list_and_prepare(prepared, *then)
    prepared.work()
    found, served = told(prepared.passes), prepared.served()
    plain.run(*then)
    assert found == told(plain.passes)
    assert served == plain.served()


def test_what_changes_and_goes_after_it_was_taken_in(core: Valkey) -> None:
    Writer(core).run(*ALL)
    writer = Writer(core)
    for each in ALL:  # as a replica knows them that did not lead
        writer.observation.put(each)
    prepare(writer)
    writer.observation.forget()
    list_and_prepare(writer, NAMESPACE, zone("a"), changed(zone("b", hosts=2), 2), WEB)
    writer.work()
    assert {each.name for each in writer.passes.results.taken} == {"a", "b", "web"}
    wrong: list[None] = []
    assert all(part is None for part in writer.passes.prove(lambda: wrong.append(None)))
    assert not wrong
    plain = Writer(core)
    plain.run(NAMESPACE, zone("a"), changed(zone("b", hosts=2), 2), WEB)
    assert writer.served() == plain.served()


def test_it_goes_on_when_the_core_is_back(core: Valkey) -> None:
    core.kill()
    writer = Writer(core)
    writer.list(*ALL)
    with pytest.raises(StoreError):
        prepare(writer)
    core.start()
    prepare(writer)
    assert writer.passes.waiting == len("abc")
    writer.work()
    assert writer.served().keys() == {"a.example.", "b.example.", "c.example."}


def test_no_zone_counts_as_an_orphan_because_its_object_waits_to_be_taken_in(core: Valkey) -> None:
    Writer(core).run(*ALL)
    writer = Writer(core)
    writer.list(*ALL)
    while not writer.passes.waiting:  # what the core has is read then, and no object is taken in
        writer.passes.prepare(writer.observation)
    writer.observation.put(changed(zone("b"), 2, origin="d.example"))
    writer.passes.sweep(writer.observation, 0.0)
    assert writer.passes.orphans == 1
