"""UPDATE by the sockets of a gate: what is stored, published and said."""

import asyncio
import gc
import random
import time
from typing import Any

import dns.edns
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.update
import pytest
from dns.rcode import Rcode
from dnsfleet_gate.updating import batches, holdings, ownership, updates
from dnsfleet_gate.updating.outcomes import Waiting
from support.update_rigs import ORIGIN, ZONE, Rig, in_loop, key, rig
from support.waiting import wait_for
from support.zones import hosts, make_zone

SECONDS = 20.0
OWN = {"name": "www", "type": "A", "data": ["192.0.2.1"]}


async def _until_done(made: Rig, name: str) -> None:
    """Wait until an update is done: what was held up before it is published first."""
    async with asyncio.timeout(SECONDS):
        while await _add(made, name, "A", "192.0.2.1") != dns.rcode.NOERROR:
            pass


async def _add(made: Rig, name: str, rtype: str, *data: str, **options: Any) -> Rcode:
    message = made.message(options.get("key"))
    for text in data:
        message.add(name, 300, rtype, text)
    return (await made.send(message, options.get("tcp", False))).rcode()


@pytest.mark.parametrize("tcp", [False, True])
@in_loop
async def test_noerror_says_that_it_is_published(tcp: bool) -> None:
    async with rig() as made:
        assert await _add(made, "a", "A", "192.0.2.7", tcp=tcp) == dns.rcode.NOERROR
        assert made.get("a", "A") == (300, ["192.0.2.7"])
        message = made.message()
        message.delete("a")
        assert (await made.send(message, tcp)).rcode() == dns.rcode.NOERROR
        assert made.get("a", "A") is None


@in_loop
async def test_what_changes_nothing_writes_nothing() -> None:
    async with rig() as made:
        for _ in range(3):
            assert await _add(made, "a", "A", "192.0.2.7") == dns.rcode.NOERROR
        assert made.store.writes == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("add", "www", 300, "A", "192.0.2.9"), "belongs to the Zone"),
        (("delete", "www"), "belongs to the Zone"),
        (("add", "@", 300, "NS", "ns.example.net."), "apex"),
        (("add", "@", 300, "SOA", "a. b. 9 9 9 9 9"), "apex"),
        (("add", "a", 300, "NS", "ns.example.net."), "not for a.example.org. NS"),
    ],
)
@in_loop
async def test_what_others_have_is_refused_whole(change: tuple[Any, ...], said: str) -> None:
    async with rig([OWN]) as made:
        message = made.message()
        message.use_edns(0)
        message.add("fine", 300, "A", "192.0.2.8")
        getattr(message, change[0])(*change[1:])
        reply = await made.send(message)
        assert reply.rcode() == dns.rcode.REFUSED
        (told,) = reply.options
        assert isinstance(told, dns.edns.EDEOption)
        assert said in (told.text or "")
        assert made.store.writes == 0
        assert made.get("fine", "A") is None


@in_loop
async def test_names_and_types_of_a_key() -> None:
    acme = key("acme.", "_acme-challenge.*", types=frozenset({"TXT"}))
    async with rig(keys=[acme]) as made:
        assert await _add(made, "_acme-challenge.a", "TXT", "x") == dns.rcode.NOERROR
        assert await _add(made, "_acme-challenge", "TXT", "x") == dns.rcode.NOERROR
        assert await _add(made, "a", "TXT", "x") == dns.rcode.REFUSED
        assert await _add(made, "_acme-challenge.a", "A", "192.0.2.1") == dns.rcode.REFUSED


@in_loop
async def test_two_keys_share_a_challenge_and_remove_their_own() -> None:
    one, two = key("one."), key("two.")
    async with rig(keys=[one, two]) as made:
        assert await _add(made, "_acme-challenge", "TXT", "one", key=one) == dns.rcode.NOERROR
        assert await _add(made, "_acme-challenge", "TXT", "two", key=two) == dns.rcode.NOERROR
        assert made.get("_acme-challenge", "TXT") == (300, ['"one"', '"two"'])
        message = made.message(two)
        message.delete("_acme-challenge", "TXT", "one")
        assert (await made.send(message)).rcode() == dns.rcode.REFUSED
        message = made.message(one)
        message.delete("_acme-challenge", "TXT", "one")
        assert (await made.send(message)).rcode() == dns.rcode.NOERROR
        assert made.get("_acme-challenge", "TXT") == (300, ['"two"'])
        assert await _add(made, "a", "A", "192.0.2.1", key=one) == dns.rcode.NOERROR
        assert await _add(made, "a", "A", "192.0.2.2", key=two) == dns.rcode.REFUSED


@in_loop
async def test_prerequisites_see_what_came_before() -> None:
    async with rig() as made:
        taken = []
        for number in range(20):
            message = made.message()
            message.absent("host")
            message.add("host", 300, "A", f"192.0.2.{number}")
            taken.append(made.send(message))
        codes = [reply.rcode() for reply in await asyncio.gather(*taken)]
        assert codes.count(dns.rcode.NOERROR) == 1
        assert codes.count(dns.rcode.YXDOMAIN) == 19
        found = made.get("host", "A")
        assert found is not None
        assert len(found[1]) == 1


@in_loop
async def test_many_at_once_are_written_together() -> None:
    async with rig() as made:
        began = time.monotonic()
        codes = await asyncio.gather(
            *(_add(made, f"h{number}", "A", "192.0.2.1") for number in range(100))
        )
        assert set(codes) == {dns.rcode.NOERROR}
        assert made.store.writes <= 4 * (time.monotonic() - began) + 1


@in_loop
async def test_the_same_message_is_done_once() -> None:
    async with rig() as made:
        message = made.message()
        message.add("a", 300, "A", "192.0.2.1")
        wire = message.to_wire()
        assert (await made.send_again(wire)).rcode() == dns.rcode.NOERROR
        other = made.message()
        other.delete("a")
        assert (await made.send(other)).rcode() == dns.rcode.NOERROR
        assert (await made.send_again(wire)).rcode() == dns.rcode.NOERROR
        assert made.get("a", "A") is None


@in_loop
async def test_what_is_not_published_in_time_is_told_when_it_comes_again() -> None:
    async with rig() as made:
        made.store.published.clear()
        message = made.message()
        message.add("a", 300, "A", "192.0.2.1")
        began, wire = time.monotonic(), message.to_wire()
        assert (await made.send_again(wire)).rcode() == dns.rcode.SERVFAIL
        assert time.monotonic() - began < 2
        made.store.published.set()
        assert (await made.send_again(wire)).rcode() == dns.rcode.NOERROR
        assert made.get("a", "A") == (300, ["192.0.2.1"])
        assert made.store.writes == 1


@in_loop
async def test_what_nobody_looked_at_may_come_again() -> None:
    async with rig() as made:
        made.store.unavailable = True
        message = made.message()
        message.add("a", 300, "A", "192.0.2.1")
        wire = message.to_wire()
        assert (await made.send_again(wire)).rcode() == dns.rcode.SERVFAIL
        made.store.unavailable = False
        assert (await made.send_again(wire)).rcode() == dns.rcode.NOERROR


@in_loop
async def test_somebody_else_writes_the_record_set() -> None:
    async with rig() as made:
        assert await _add(made, "a", "A", "192.0.2.1") == dns.rcode.NOERROR
        made.store.change("k.")
        assert await _add(made, "b", "A", "192.0.2.1") == dns.rcode.NOERROR
        assert made.get("b", "A") is not None


@in_loop
async def test_what_the_zone_takes_later_is_lost_alone() -> None:
    async with rig() as made:
        for name in ("a", "b"):
            assert await _add(made, name, "A", "192.0.2.1") == dns.rcode.NOERROR
        await asyncio.to_thread(
            made.operator.own, [{"name": "a", "type": "A", "data": ["192.0.2.9"]}]
        )
        assert made.get("a", "A") == (300, ["192.0.2.9"])
        assert made.get("b", "A") == (300, ["192.0.2.1"])
        assert await _add(made, "c", "A", "192.0.2.1") == dns.rcode.NOERROR
        assert await _add(made, "a", "A", "192.0.2.1") == dns.rcode.REFUSED


@in_loop
async def test_large_removals_are_refused_and_small_ones_go() -> None:
    async with rig() as made:
        message = made.message()
        for number in range(20):
            message.add(f"h{number}", 300, "A", "192.0.2.1")
        assert (await made.send(message)).rcode() == dns.rcode.NOERROR
        message = made.message()
        for number in range(20):
            message.delete(f"h{number}")
        assert (await made.send(message)).rcode() == dns.rcode.REFUSED
        for first in (0, 10):
            message = made.message()
            for number in range(first, first + 10):
                message.delete(f"h{number}")
            assert (await made.send(message)).rcode() == dns.rcode.NOERROR
        assert made.get("h0", "A") is None


@in_loop
async def test_a_gate_that_does_not_lead_and_a_key_for_other_zones() -> None:
    async with rig() as made:
        made.leads = False
        assert await _add(made, "a", "A", "192.0.2.1") == dns.rcode.SERVFAIL
        made.leads = True
        assert await _add(made, "a", "A", "192.0.2.1") == dns.rcode.NOERROR
        message = made.message()
        message.origin = message.zone[0].name = dns.name.from_text("example.net.")
        assert (await made.send(message)).rcode() == dns.rcode.NOTAUTH


@in_loop
async def test_clients_find_the_zone_of_a_name() -> None:
    async with rig() as made:
        message = dns.message.make_query(f"a.b.{ORIGIN}", "SOA")
        message.use_tsig(made.message().keyring, made.message().keyname)
        reply = await made.send(message)
        assert reply.authority[0].name.to_text() == ORIGIN


@pytest.mark.parametrize("asked", ["example.com.", "www.example.com.", "org.", "."])
@in_loop
async def test_a_key_asks_for_its_zones_only(asked: str) -> None:
    async with rig() as made:
        made.engine.load(make_zone("example.com.", hosts(3)))
        message = dns.message.make_query(asked, "SOA")
        message.use_tsig(made.message().keyring, made.message().keyname)
        assert (await made.send(message)).rcode() == dns.rcode.REFUSED


@in_loop
async def test_a_zone_of_another_class() -> None:
    async with rig() as made:
        message = made.message()
        message.zone[0].rdclass = dns.rdataclass.CH
        assert (await made.send(message)).rcode() == dns.rcode.NOTAUTH


@in_loop
async def test_a_message_of_64_kib() -> None:
    """It is taken as far as the limits go, and nothing of it where it goes beyond."""
    async with rig() as made:
        message = made.message()
        for number in range(900):
            message.add(f"h{number}", 300, "TXT", "x" * 40)
        assert len(message.to_wire()) > 50_000
        assert (await made.send(message, tcp=True)).rcode() == dns.rcode.NOERROR
        assert made.get("h899", "TXT") == (300, [f'"{"x" * 40}"'])
        message = made.message()
        for number in range(101):
            message.add(f"more{number}", 300, "TXT", "x")
        assert (await made.send(message, tcp=True)).rcode() == dns.rcode.REFUSED
        assert made.get("more0", "TXT") is None
        assert made.store.writes == 1


@in_loop
async def test_more_clients_than_may_wait() -> None:
    async with rig() as made:
        made.store.published.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(updates, "MAX_WAITING", 20)
            codes = await asyncio.gather(
                *(_add(made, f"h{number}", "A", "192.0.2.1") for number in range(40))
            )
        assert set(codes) == {dns.rcode.SERVFAIL}
        assert made.value("updates_waiting") == 0
        made.store.published.set()
        await _until_done(made, "a")


@in_loop
async def test_keys_that_share_a_challenge_with_different_ttls() -> None:
    one, two = key("one."), key("two.")
    async with rig(keys=[one, two]) as made:
        for used, ttl in ((one, 60), (two, 300)):
            message = made.message(used)
            message.add("_acme-challenge", ttl, "TXT", used.name)
            assert (await made.send(message)).rcode() == dns.rcode.NOERROR
        assert made.get("_acme-challenge", "TXT") == (60, ['"one."', '"two."'])


@in_loop
async def test_a_key_that_waits_for_the_edges() -> None:
    usual = key()
    assert usual.updates is not None
    waits = usual._replace(updates=usual.updates._replace(wait="Propagated"))
    async with rig(keys=[waits]) as made:
        made.store.everywhere = False
        message = made.message()
        message.add("a", 300, "A", "192.0.2.1")
        wire = message.to_wire()
        assert (await made.send_again(wire)).rcode() == dns.rcode.SERVFAIL
        assert made.get("a", "A") is not None
        assert await _add(made, "a", "A", "192.0.2.1") == dns.rcode.SERVFAIL, "nothing new, but"
        made.store.everywhere = True
        assert (await made.send_again(wire)).rcode() == dns.rcode.NOERROR
        assert await _add(made, "a", "A", "192.0.2.1") == dns.rcode.NOERROR
        assert await _add(made, "b", "A", "192.0.2.1") == dns.rcode.NOERROR


@in_loop
async def test_what_was_told_as_done_stands_whatever_goes_wrong() -> None:
    """Clients that change a name each, while the store and the operator come and go."""
    one, two = key("one."), key("two.")
    chance = random.Random()
    ends = time.monotonic() + 8

    async def client(made: Rig, number: int) -> None:
        name, turn = f"h{number}", 0
        while time.monotonic() < ends:
            turn += 1
            wanted = chance.choice((None, f"{turn}"))
            message = made.message(one if number % 2 else two)
            message.delete(name)
            if wanted is not None:
                message.add(name, 300, "TXT", wanted)
            rcode = (await made.send(message)).rcode()
            assert rcode in (dns.rcode.NOERROR, dns.rcode.SERVFAIL)
            if rcode == dns.rcode.NOERROR:
                found = made.get(name, "TXT")
                assert (found and found[1]) == (None if wanted is None else [f'"{wanted}"'])
            else:
                await asyncio.sleep(chance.random() * 3)

    async def faults(made: Rig) -> None:
        while time.monotonic() < ends - 2:
            await asyncio.sleep(chance.random() * 0.3)
            match chance.randrange(4):
                case 0:
                    made.store.unavailable = not made.store.unavailable
                case 1:
                    made.store.published.clear()
                case 2:
                    made.store.published.set()
                case 3:
                    for used in (one, two):
                        made.store.change(used.name)
        made.store.unavailable = False
        made.store.published.set()

    async with rig(keys=[one, two]) as made:
        await asyncio.gather(faults(made), *(client(made, number) for number in range(20)))
        assert made.value("update_writes_total", outcome="done") > 0
        assert made.value("replies_total", rcode="NOERROR") > 20


@in_loop
async def test_where_too_many_come_as_many_as_can_be_are_done_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Thirteen a second can be written, and 30 a second come."""
    monkeypatch.setattr(batches, "MAX_MESSAGES", 4)
    async with rig() as made:
        made.store.seconds = 0.3
        sent = []
        for number in range(150):
            sent.append(asyncio.create_task(_add(made, f"n{number}", "A", "192.0.2.1")))
            await asyncio.sleep(1 / 30)
        codes = await asyncio.gather(*sent)
    assert set(codes) == {dns.rcode.NOERROR, dns.rcode.SERVFAIL}
    assert codes.count(dns.rcode.NOERROR) > made.store.writes * 4 / 2
    for number, code in enumerate(codes):
        assert code != dns.rcode.NOERROR or made.get(f"n{number}", "A") is not None


@in_loop
async def test_where_nothing_can_be_in_time_all_is_done_late() -> None:
    async with rig() as made:
        made.store.seconds = 2.0
        for name in ("a", "b"):
            assert await _add(made, name, "A", "192.0.2.1") == dns.rcode.SERVFAIL
        await asyncio.to_thread(wait_for, "it is done", lambda: made.get("b", "A"), SECONDS)
        assert made.get("a", "A") is not None


@in_loop
async def test_the_data_of_a_key_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "MAX_DYNAMIC_TEXT", 1000)
    async with rig() as made:
        assert await _add(made, "a", "TXT", "x" * 250, "y" * 250, "z" * 250) == dns.rcode.NOERROR
        assert await _add(made, "b", "TXT", "x" * 250) == dns.rcode.REFUSED
        message = made.message()
        message.replace("a", 300, "TXT", "x" * 240)
        assert (await made.send(message)).rcode() == dns.rcode.NOERROR
        assert await _add(made, "b", "TXT", "x" * 250) == dns.rcode.NOERROR


@in_loop
async def test_a_type_that_nobody_knows() -> None:
    async with rig() as made:
        for data in (r"\# 2 0000", r"\# 2 0001"):
            assert await _add(made, "a", "TYPE65280", data) == dns.rcode.NOERROR
        assert made.get("a", "TYPE65280") == (300, [r"\# 2 0000", r"\# 2 0001"])
        message = made.message()
        message.delete("a", "TYPE65280")
        assert (await made.send(message)).rcode() == dns.rcode.NOERROR
        assert made.get("a", "TYPE65280") is None


@pytest.mark.parametrize("rtype", ["TYPE31", "TYPE259", "TYPE40"])
@in_loop
async def test_types_that_the_engine_alone_can_write(rtype: str) -> None:
    """What it shows of them would not be understood, so that it would not be seen to arrive."""
    async with rig([{"name": "own", "type": "EID", "data": ["00"]}]) as made:
        assert await _add(made, "a", rtype, r"\# 2 0000") == dns.rcode.REFUSED
        assert made.store.writes == 0
        assert await _add(made, "own", "A", "192.0.2.1") == dns.rcode.NOERROR


@in_loop
async def test_an_origin_that_is_no_name_of_ours() -> None:
    async with rig() as made:
        message = made.message()
        message.origin = message.zone[0].name = dns.name.from_text("xn--zzzzzzz99999-.org.")
        assert (await made.send(message)).rcode() == dns.rcode.NOTAUTH


@in_loop
async def test_large_messages_that_wait_take_little_memory() -> None:
    """Those that are too much get SERVFAIL, and of those that were done the outcome is kept."""
    async with rig() as made:
        made.store.published.clear()

        def large(number: int) -> dns.update.UpdateMessage:
            message = made.message()
            for of_it in range(1000):
                message.add(f"h{number}", 300, "TXT", f"{of_it:040}")
            return message

        told = await asyncio.gather(*(made.send(large(number), True) for number in range(24)))
        assert {reply.rcode() for reply in told} == {dns.rcode.SERVFAIL}
        assert made.value("updates_waiting") == 0
        made.store.published.set()
        await _until_done(made, "a")
        gc.collect()
        left = [each for each in gc.get_objects() if type(each) is dns.update.UpdateMessage]
        assert sum(len(each.update) > 1 for each in left) == 0


@in_loop
async def test_messages_that_take_long_to_look_at_all_get_replies() -> None:
    async with rig() as made:
        many = (f"10.0.{number // 250}.{number % 250}" for number in range(900))
        assert await _add(made, "a", "A", *many, tcp=True) == dns.rcode.NOERROR
        codes = await asyncio.gather(*(_add(made, "a", "A", f"10.1.0.{n}") for n in range(90)))
        assert set(codes) <= {dns.rcode.NOERROR, dns.rcode.SERVFAIL}


@in_loop
async def test_what_the_operator_refuses_in_part_is_not_done_at_all() -> None:
    cut = {"name": "sub", "type": "NS", "data": ["ns.example.net."]}
    async with rig([cut]) as made:
        assert await _add(made, "before", "A", "192.0.2.1") == dns.rcode.NOERROR
        message = made.message()
        message.add("fine", 300, "A", "192.0.2.8")
        message.add("a.sub", 300, "TXT", "hidden by the cut")
        message.delete("before")
        assert (await made.send(message)).rcode() in (dns.rcode.REFUSED, dns.rcode.SERVFAIL)
        await asyncio.sleep(0.5)
        assert made.get("fine", "A") is None
        assert made.get("before", "A") == (300, ["192.0.2.1"])


@in_loop
async def test_an_addition_that_is_too_much_takes_nothing_away() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "MAX_SECONDS", 60.0)  # both are written together
        await _too_much_is_added()


async def _too_much_is_added() -> None:
    async with rig() as made:
        fit = [f"{number:0250}" for number in range(200)]
        assert await _add(made, "a", "TXT", *fit, tcp=True) == dns.rcode.NOERROR
        more = [f"{number:0250}" for number in range(200, 300)]
        made.store.published.clear()
        first = asyncio.create_task(_add(made, "first", "A", "192.0.2.1"))
        await asyncio.to_thread(wait_for, "a write", lambda: made.store.writes == 2, 10)
        wrong = asyncio.create_task(_add(made, "a", "TXT", *more, tcp=True))
        beside = asyncio.create_task(_add(made, "b", "A", "192.0.2.1"))
        await asyncio.to_thread(wait_for, "all", lambda: made.value("updates_waiting") == 3, 10)
        made.store.published.set()
        assert await first == dns.rcode.NOERROR
        assert await wrong in (dns.rcode.REFUSED, dns.rcode.SERVFAIL)
        assert await beside in (dns.rcode.NOERROR, dns.rcode.SERVFAIL)
        await asyncio.to_thread(wait_for, "the others", lambda: made.get("b", "A"), 10)

        def is_as_before() -> bool:
            return len((made.get("a", "TXT") or (0, []))[1]) == len(fit)

        await asyncio.to_thread(wait_for, "what was before", is_as_before, 10)


@pytest.mark.parametrize("is_refused", [False, True])
@in_loop
async def test_a_key_whose_write_fails_takes_nothing_of_the_one_before(is_refused: bool) -> None:
    one, two = key("one."), key("two.")
    async with rig(keys=[one, two]) as made:
        for used in (one, two):
            assert await _add(made, used.name[:3], "A", "192.0.2.1", key=used) == dns.rcode.NOERROR
        made.store.published.clear()
        first = asyncio.create_task(_add(made, "first", "A", "192.0.2.1", key=one))
        await asyncio.sleep(0.5)
        message = made.message(one)
        message.absent("a")
        message.add("a", 300, "A", "192.0.2.1")
        before = asyncio.create_task(made.send(message))
        await asyncio.sleep(0.2)
        behind = asyncio.create_task(_add(made, "b", "A", "192.0.2.1", key=two))
        await asyncio.sleep(0.2)
        if is_refused:
            made.store.refuses.add("two.")
        else:
            made.store.change("two.")
        made.store.published.set()
        assert await first == dns.rcode.NOERROR
        assert (await before).rcode() == dns.rcode.NOERROR
        assert await behind == (dns.rcode.REFUSED if is_refused else dns.rcode.NOERROR)
        assert made.get("a", "A") is not None
        assert (made.get("b", "A") is None) == is_refused


@pytest.mark.parametrize("tcp", [False, True])
@in_loop
async def test_a_gate_that_stops_answers_the_updates_that_it_has(tcp: bool) -> None:
    async with rig() as made:
        made.store.published.clear()
        sent = asyncio.create_task(_add(made, "a", "A", "192.0.2.1", tcp=tcp))
        await asyncio.to_thread(wait_for, "a write", lambda: made.store.writes == 1, 10)
        stopping = asyncio.create_task(made.server.stop())
        await asyncio.sleep(0)
        made.store.published.set()
        assert await sent == dns.rcode.NOERROR
        await stopping


@in_loop
async def test_a_new_leader_that_is_behind_loses_nothing_of_the_one_before() -> None:
    async with rig() as made:
        assert await _add(made, "a", "A", "192.0.2.1") == dns.rcode.NOERROR
        made.leads = False
        assert await _add(made, "a", "A", "192.0.2.2") == dns.rcode.SERVFAIL
        made.follows = False
        (claim,) = made.store.read("k.", ZONE).claims.items()
        more = claim[1]._replace(data=(*claim[1].data, "192.0.2.2"))
        made.store.write("k.", ZONE, {claim[0]: more}, made.store.read("k.", ZONE).version)
        made.leads = True
        assert await _add(made, "a", "A", "192.0.2.3") == dns.rcode.SERVFAIL
        made.follows = True
        assert await _add(made, "a", "A", "192.0.2.4") == dns.rcode.NOERROR
        found = made.get("a", "A")
        assert found is not None
        assert {"192.0.2.1", "192.0.2.2", "192.0.2.4"} <= set(found[1])


@in_loop
async def test_a_gate_that_is_behind_does_not_take_back_what_is_published() -> None:
    async with rig() as made:
        assert await _add(made, "a", "A", "192.0.2.1") == dns.rcode.NOERROR
        made.follows = False
        message = made.message()
        message.add("b", 300, "A", "192.0.2.1")
        wire = message.to_wire()
        for _ in range(2):
            assert (await made.send_again(wire)).rcode() == dns.rcode.SERVFAIL
        made.follows = True
        assert (await made.send_again(wire)).rcode() == dns.rcode.NOERROR
        assert made.get("b", "A") is not None


@in_loop
async def test_a_gate_that_leads_no_more_writes_nothing() -> None:
    async with rig() as made:
        assert await _add(made, "a", "A", "192.0.2.1") == dns.rcode.NOERROR
        made.store.published.clear()
        first = asyncio.create_task(_add(made, "b", "A", "192.0.2.1"))
        await asyncio.to_thread(wait_for, "a write", lambda: made.store.writes == 2, 10)
        second = asyncio.create_task(_add(made, "c", "A", "192.0.2.1"))
        await asyncio.sleep(0.2)
        made.leads = False
        made.store.published.set()
        assert await first == dns.rcode.NOERROR
        assert await second == dns.rcode.SERVFAIL
        assert made.store.writes == 2


@pytest.mark.parametrize("data", [(), ("A",), ("A", "192.0.2.1")])
@in_loop
async def test_what_is_deleted_while_it_is_left_out_does_not_come_back(data: tuple[str]) -> None:
    async with rig() as made:
        assert await _add(made, "a.sub", "A", "192.0.2.1") == dns.rcode.NOERROR
        cut = [{"name": "sub", "type": "NS", "data": ["ns.example.net."]}]
        await asyncio.to_thread(made.operator.own, cut)
        assert made.get("a.sub", "A") is None
        message = made.message()
        message.delete("a.sub", *data)
        assert (await made.send(message)).rcode() == dns.rcode.NOERROR
        await asyncio.to_thread(made.operator.own, [])
        assert made.get("a.sub", "A") is None


@in_loop
async def test_what_waited_too_long_is_not_done_any_more() -> None:
    """As messages may that are tried one by one while nothing is published."""
    async with rig() as made:
        message = made.message()
        message.add("a", 300, "A", "192.0.2.1")
        read = dns.message.from_wire(message.to_wire(), keyring=message.keyring)
        assert isinstance(read, dns.update.UpdateMessage)
        rights = made.keys[0].updates
        assert rights is not None
        waiting = Waiting("k.", rights, read, time.monotonic() - holdings.SETTLE_SECONDS - 1)
        made.updates._queue(ORIGIN, ZONE).put(waiting)
        assert (await waiting.outcome).rcode == dns.rcode.SERVFAIL
        assert made.store.writes == 0
