"""What the checks take a zone to say of a name is what the engine answers."""

import dns.flags
import dns.message
import dns.rcode
from dnsfleet.zones import master_files
from dnsfleet.zones.checking.standings import Standing, standing
from dnsfleet_engine import Engine, Zone
from hypothesis import assume, given
from hypothesis import strategies as st

APEX = """$TTL 300
@ SOA ns1.example.net. hostmaster 7 7200 900 1209600 300
@ NS ns1.example.net.
"""
NAMES = st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map(".".join)
OWNERS = st.one_of(NAMES, NAMES.map(lambda name: f"*.{name}"), st.just("*"))
DATA = st.sampled_from(
    ["A 192.0.2.1", "CNAME x.example.net.", "DNAME example.net.", "NS ns1.example.net."]
)


def standings_in_answer(zone: Zone, name: str) -> set[Standing]:
    """What a resolver learns of a name."""
    engine = Engine()
    engine.load(zone)
    wire = engine.respond(dns.message.make_query(name, "A").to_wire())
    assert wire is not None
    reply = dns.message.from_wire(wire)
    if any(rrset.rdtype.name in ("CNAME", "DNAME") for rrset in reply.answer):
        return {Standing.ALIAS}
    if reply.rcode() == dns.rcode.NXDOMAIN:
        return {Standing.MISSING}
    if not reply.flags & dns.flags.AA:  # a referral; the cut itself, or glue below it, is there
        return {Standing.ELSEWHERE, Standing.THERE}
    return {Standing.THERE}


@given(st.lists(st.tuples(OWNERS, DATA), max_size=6, unique_by=lambda record: record[0]), NAMES)
def test_the_standing_of_a_name_is_what_the_engine_answers(
    records: list[tuple[str, str]], name: str
) -> None:
    lines = "".join(f"{owner} {data}\n" for owner, data in records)
    zone, violations = master_files.read((APEX + lines).encode(), "f", "example.com.")
    assume(zone is not None)
    assume(all(each.reason != "HiddenRecord" for each in violations))
    assert zone is not None
    asked = f"{name}.example.com."
    assert standing(zone, asked) in standings_in_answer(zone, asked)
