"""Pop commands on the wire, and the bounds of what waits."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import command_giving, command_taking, command_words, pop_commands
from dnsfleet.replication.command_words import DONE, EXPIRED, FAILED, Begun, Journal, Outcome
from dnsfleet.replication.manifests import ManifestError
from dnsfleet.replication.pop_commands import (
    MAX_KEPT,
    MAX_LIFETIME_MS,
    MAX_WAITING,
    PopCommand,
    Request,
)
from dnsfleet.replication.revisions import Revision

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NOW_MS = 1_000_000


def request(number: int, lifetime_ms: int = 60_000, verb: str = "snapshot") -> Request:
    return Request(f"r{number:03}", verb, "", NOW_MS + number, NOW_MS + number + lifetime_ms)


def command(number: int, pop: str = "fra") -> PopCommand:
    return PopCommand(pop, Revision(3, number), request(number))


def test_a_command_is_of_one_pop_and_one_key() -> None:
    signed, keys = pop_commands.sign(command(1), KEY), [KEY.public_key()]
    assert pop_commands.verify(signed, "fra", keys) == command(1)
    with pytest.raises(ManifestError, match="command to Pop fra"):
        pop_commands.verify(signed, "iad", keys)
    with pytest.raises(ManifestError, match="not from this fleet"):
        pop_commands.verify(signed, "fra", [Ed25519PrivateKey.generate().public_key()])
    with pytest.raises(ManifestError, match="not from this fleet"):
        pop_commands.verify(signed.replace(b"snapshot", b"snapshow"), "fra", keys)
    with pytest.raises(ManifestError, match="octets"):
        pop_commands.verify(signed + b" " * 4096, "fra", keys)


def test_what_is_signed_for_something_else_is_no_command() -> None:
    from dnsfleet.replication import pop_specs
    from dnsfleet.replication.pop_specs import SignedPop

    spec = pop_specs.sign(SignedPop("fra", Revision(1, 1), 1, {}, ""), KEY)
    with pytest.raises(ManifestError):
        pop_commands.verify(spec, "fra", [KEY.public_key()])
    assert pop_commands.readable([spec, b""], "fra", [KEY.public_key()]) == []


@pytest.mark.parametrize(
    "longer", [{"verb": "x" * 300}, {"argument": "x" * 300}, {"argument": "\U0001f40d" * 64}]
)
def test_texts_are_bounded(longer: dict[str, str]) -> None:
    long = PopCommand("fra", Revision(1, 1), request(1)._replace(**longer))
    with pytest.raises(ManifestError, match="unreadable field"):
        pop_commands.verify(pop_commands.sign(long, KEY), "fra", [KEY.public_key()])


def test_more_than_may_wait_are_refused_and_the_first_ones_stay() -> None:
    requests = [request(number) for number in range(MAX_WAITING + 2)]
    given = command_giving.give(reversed(requests), {}, (), (), NOW_MS)
    assert given.write == given.waiting == tuple(requests[:MAX_WAITING])
    refused = [given.outcomes[each.name] for each in requests[MAX_WAITING:]]
    assert [(each.state, "16 others wait" in each.message) for each in refused] == [
        (FAILED, True)
    ] * 2


def test_a_request_that_would_wait_for_weeks_is_refused() -> None:
    given = command_giving.give([request(1, MAX_LIFETIME_MS + 1)], {}, (), (), NOW_MS)
    assert "longer than 168 h" in given.outcomes["r001"].message


def test_what_the_stream_has_is_not_written_again() -> None:
    requests = [request(1), request(2)]
    given = command_giving.give(requests, {}, (), [command(1)], NOW_MS)
    assert [each.name for each in given.write] == ["r002"]
    numbered = command_giving.numbered("fra", given.write, 3, Revision(3, 1))
    assert [each.sequence for each in numbered] == [Revision(3, 2)]
    numbered = command_giving.numbered("fra", given.write, 4, Revision(3, 1))
    assert [each.sequence for each in numbered] == [Revision(4, 1)]


def test_what_the_stream_has_is_waited_for_beyond_its_end() -> None:
    end = request(1).expires_ms
    given = command_giving.give([request(1)], {}, (), [command(1)], end)
    assert (len(given.waiting), given.write) == (1, ())
    given = command_giving.give([request(1)], {}, (), [command(1)], end + command_giving.GRACE_MS)
    assert given.outcomes["r001"].state == EXPIRED


def test_what_the_stream_never_had_is_not_waited_for() -> None:
    given = command_giving.give([request(1)], {}, (), (), request(1).expires_ms)
    assert "before the core took it" in given.outcomes["r001"].message


def test_the_word_of_the_pop_counts_more_than_that_it_has_expired() -> None:
    done, late = Outcome("r001", DONE, "", NOW_MS), request(1).expires_ms
    known = command_giving.give([request(1)], {}, (), (), late).outcomes
    assert known["r001"].state == EXPIRED
    given = command_giving.give([request(1)], {**known, "r009": done}, [done], (), late)
    assert given.outcomes == {"r001": done}, "and what is asked for no more is forgotten"


@pytest.mark.parametrize("state", [DONE, FAILED, EXPIRED])
def test_the_first_word_of_the_pop_is_its_last(state: str) -> None:
    known = {"r001": Outcome("r001", DONE, "", NOW_MS)}
    later = Outcome("r001", state, "another word", NOW_MS + 1)
    assert command_giving.give([request(1)], known, [later], (), NOW_MS).outcomes == known


def test_a_journal_of_a_later_version_is_read() -> None:
    done = Outcome("r001", DONE, "", NOW_MS)
    journal = Journal(Revision(3, 2), (done,), (Begun(request(2), Revision(3, 2)),))
    said = json.loads(command_words.encode(journal))
    said["outcomes"][0].append("more")
    said["begun"][0].append("more")
    assert command_words.decode(json.dumps(said | {"later": 1})) == journal


def test_a_pop_begins_as_many_as_may_wait_and_the_next_ones_later() -> None:
    commands = [command(number) for number in range(1, MAX_WAITING + 3)]
    journal = command_taking.take(Journal(), commands, NOW_MS)
    assert len(journal.begun) == MAX_WAITING
    assert journal.sequence == Revision(3, MAX_WAITING)
    journal = journal.with_outcome(Outcome("r001", DONE, "", NOW_MS))
    journal = command_taking.take(journal, commands, NOW_MS)
    assert journal.begun[-1] == Begun(request(MAX_WAITING + 1), Revision(3, MAX_WAITING + 1))


def test_a_journal_is_bounded_and_reads_back() -> None:
    journal = Journal(Revision(1, 2), begun=(Begun(request(1), Revision(1, 2), "x", "y"),))
    for number in range(MAX_KEPT + 5):
        journal = journal.with_outcome(Outcome(f"r{number}", FAILED, "x" * 999, NOW_MS))
    assert len(journal.outcomes) == MAX_KEPT
    text = command_words.encode(journal)
    assert len(text) < 32 * 1024
    assert command_words.decode(text) == journal


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"sequence":"1.1","outcomes":[]}'])
def test_what_is_no_journal_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        command_words.decode(text)


def test_an_outcome_that_cannot_be_read_costs_no_other() -> None:
    good = Outcome("r", DONE, "", NOW_MS)
    word = [1, ["r", "Postponed", "", NOW_MS], ["r", DONE, "", 10**30], list(good)]
    assert command_words.heard(word) == (good,)
