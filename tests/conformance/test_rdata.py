"""Rdata texts of every type, judged and written as BIND, Knot DNS and NSD do it.

The corpus has texts that are valid and texts that are not. Where all servers that know a type say
the same of a text, we must say it too, or a rule of `support.differences.rdata` tells why not.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest
from dnsfleet import rrtypes
from dnsfleet.zones import master_files
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support import wire_rdata
from support.differences import rdata as differences
from support.encoded_zones import wire_records
from support.zone_checkers import (
    ORIGIN,
    Case,
    compiled,
    refused_by,
    refused_by_bind,
    zone_file,
)

CORPUS = Path(__file__).parent / "rdata"
SERVERS = frozenset({"bind", "knot", "nsd"})
Refused = Mapping[Case, frozenset[str]]
"""The servers that refuse each case."""


def _cases(name: str) -> list[Case]:
    lines = (CORPUS / name).read_text().splitlines()
    cases = [line.partition(" ") for line in lines if not line.startswith("#")]
    return [Case(rtype, text) for rtype, _, text in cases]


def _is_generic(case: Case) -> bool:
    return case.text.startswith("\\#")


def _accepts(case: Case) -> bool:
    zone, _ = master_files.read(zone_file([case]), "case", ORIGIN)
    return zone is not None


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Refused:
    cases = _cases("valid.txt") + _cases("invalid.txt")
    return dict(zip(cases, refused_by(cases, tmp_path_factory.mktemp("cases")), strict=True))


def test_texts_are_judged_as_servers_judge_them(refused: Refused) -> None:
    valid, invalid = _cases("valid.txt"), _cases("invalid.txt")
    assert [case for case in valid if not _accepts(case)] == []
    assert [case for case in invalid if _accepts(case)] == []
    known = _known(valid, refused)
    used: Counter[str] = Counter()
    wrong = []
    for case, refusing in refused.items():
        judges = SERVERS if _is_generic(case) else known[case.rtype]
        others_accept = not refusing & judges
        agree = judges and (others_accept or refusing >= judges)
        if not agree or others_accept == (case in valid):
            used["agreed" if agree else "no agreement"] += 1
            continue
        rules = [rule for rule in differences.RULES if rule.explains(case)]
        used.update(f"{rule.reason} ({rule.section})" for rule in rules)
        if not rules:
            wrong.append((case, sorted(judges)))
    print(f"\nrdata texts: {dict(used)}")
    assert wrong == []
    assert {f"{rule.reason} ({rule.section})" for rule in differences.RULES} <= set(used)


def _known(valid: list[Case], refused: Refused) -> dict[str, frozenset[str]]:
    """The servers that take a valid text of a type, one that is not octets."""
    known: dict[str, frozenset[str]] = defaultdict(frozenset)
    for case in valid:
        if not _is_generic(case):
            known[case.rtype] |= SERVERS - refused[case]
    return known


Wires = list[tuple[int, bytes]]
"""Type numbers and wire rdata."""
TWO_OF_EACH = st.tuples(
    *(
        st.tuples(st.just(number), rdata)
        for number, rdata in sorted(wire_rdata.FORMS.items())
        for _ in range(2)
    )
).map(list)


# The seed is fixed and nothing is reduced: each example takes two runs of BIND.
@settings(max_examples=3, phases=[Phase.generate], deadline=None, derandomize=True)
@given(TWO_OF_EACH)
def test_bind_reads_our_text_of_any_rdata(
    tmp_path_factory: pytest.TempPathFactory, wires: Wires
) -> None:
    """BIND's canonical text of what we write means the octets that we wrote it for."""
    folder = tmp_path_factory.mktemp("random")
    octets = [Case(rrtypes.to_text(n), f"\\# {len(w)} {w.hex()}") for n, w in wires]
    cases = _written(octets)
    refused = refused_by_bind(cases, folder)
    assert {cases[number].rtype for number in refused} <= set(differences.STRICTER_BIND)
    taken = [number for number in range(len(cases)) if number not in refused]
    theirs = compiled([cases[number] for number in taken], folder)
    read = _by_owner(zone_file(_canonical(theirs)))
    assert [
        cases[number] for at, number in enumerate(taken) if read[f"c{at}"] != wires[number][1]
    ] == []


def test_what_bind_refuses_is_found_behind_a_refused_parenthesis(tmp_path: Path) -> None:
    cases = [Case("A", "192.0.2.1"), Case("SVCB", '1 . mandatory=ohttp alpn="(" ohttp')]
    cases += [Case("SVCB", "1 . mandatory=ohttp ohttp"), Case("A", "192.0.2.2")]
    assert refused_by_bind(cases, tmp_path) == {1, 2}


def _written(cases: list[Case]) -> list[Case]:
    """The cases as we write them."""
    zone, found = master_files.read(zone_file(cases), "cases", ORIGIN)
    assert zone is not None, found
    texts = ((zone.get(f"c{n}", case.rtype) or (0, [""]))[1] for n, case in enumerate(cases))
    return [Case(case.rtype, text) for case, (text,) in zip(cases, texts, strict=True)]


def _canonical(theirs: Mapping[str, str]) -> list[Case]:
    """BIND's texts in the order of the cases."""
    texts = (theirs[f"c{number}"].partition(" ") for number in range(len(theirs)))
    return [Case(rtype, text) for rtype, _, text in texts]


def _by_owner(text: bytes) -> dict[str, bytes]:
    zone, found = master_files.read(text, "cases", ORIGIN)
    assert zone is not None, found
    records = wire_records(zone.encode())
    return {owner[1 : 1 + owner[0]].decode(): rdata for owner, _, _, rdata in records}


def test_bind_reads_what_we_write_and_writes_what_we_read(refused: Refused, tmp_path: Path) -> None:
    """BIND's canonical text is the same for our text and for the one of the corpus, and we read it
    as the same octets."""
    cases = [case for case in _cases("valid.txt") if "bind" not in refused[case]]
    theirs = compiled(cases, tmp_path)
    again = compiled(_written(cases), tmp_path)
    assert [
        (case, theirs[f"c{number}"], again[f"c{number}"])
        for number, case in enumerate(cases)
        if theirs[f"c{number}"] != again[f"c{number}"]
    ] == []
    read, expected = _by_owner(zone_file(_canonical(theirs))), _by_owner(zone_file(cases))
    assert [case for n, case in enumerate(cases) if read[f"c{n}"] != expected[f"c{n}"]] == []
