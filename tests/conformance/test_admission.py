"""The chart's admission policy and the checks say the same of one object.

The policy runs in a real API server and the checks in Python, over the same manifests: a table of
what each of them tells, and random ones, of which the API server never tells more than the checks.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster import builds
from dnsfleet.resources import RecordSet, Zone
from dnsfleet.violations import Violation, errors
from dnsfleet.zones import building
from dnsfleet.zones.checking.checks import CHECKS
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from support.kube_api_servers import KubeAPIServer, kube_api_server
from support.waiting import wait_for

Object = dict[str, Any]

CHART = Path(__file__).parents[2] / "helm" / "dnsfleet"
TEMPLATE = "templates/checks.yaml"
KIND = "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"
POLICY_SECONDS = 60.0
START_SECONDS = 1800
"""The first run compiles Kubernetes (about 10 minutes)."""
IGNORE = "dnsfleet.io/ignore-checks"
LOOKUPS = " ".join(f"include:{number}.example.net" for number in range(11))
SPF = f"v=spf1 {LOOKUPS} -all"
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
DKIM = f"v=DKIM1; k=ed25519; p={KEY}"

pytestmark = pytest.mark.timeout(START_SECONDS)


def rendered(*options: str) -> list[Object]:
    """The objects of the policy, as Helm makes them of the chart."""
    command = [builds.programs()["helm"], "template", "r", CHART, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    documents = [item for item in yaml.safe_load_all(done.stdout) if item]
    return [item for item in documents if item["metadata"]["name"] == "r-checks"]


def rrset(name: str, rtype: str, *data: str, **more: Any) -> Object:
    return {"name": name, "type": rtype, "data": [*data], **more}


def zone(records: list[Object], ignored: str = "", **spec: Any) -> Object:
    usual = {"origin": "example.com", "nameServers": ["ns1.example.net"], "records": records}
    return made("Zone", ignored, usual | spec)


def record_set(records: list[Object], ignored: str = "") -> Object:
    return made("RecordSet", ignored, {"zoneRef": {"name": "z"}, "records": records})


def made(kind: str, ignored: str, spec: Object) -> Object:
    metadata: Object = {"name": "z", "namespace": "default"}
    if ignored:
        metadata["annotations"] = {IGNORE: ignored}
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    }


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeAPIServer]:
    """An API server with the policy in force."""
    with kube_api_server(tmp_path_factory.mktemp("api")) as server:
        for item in rendered():
            server.create(item)
        bad = zone([], ttl=0)
        wait_for("the policy is in force", lambda: server.is_told_of(bad), POLICY_SECONDS)
        yield server


def at_apply(api: KubeAPIServer, item: Object) -> set[str]:
    """The checks of which the API server tells."""
    found = [text.split("'r-checks': ")[1] for text in api.try_out(item)]
    reasons = [text.split(":")[0] for text in found]
    assert len(set(reasons)) == len(reasons)
    return set(reasons)


def by_the_checks(item: Object) -> set[str] | None:
    """The checks that find something; None where the object is refused."""
    try:
        if item["kind"] == "Zone":
            built, found = building.from_resources(Zone.model_validate(item), [], None)
        else:
            owner, added = Zone.model_validate(zone([])), RecordSet.model_validate(item)
            built, found = building.from_resources(owner, [added], None)
    except ValidationError:
        return None
    if built is None or errors(found):
        return None
    return {each.reason for each in found if is_check(each)}


def is_check(violation: Violation) -> bool:
    return violation.reason in CHECKS or violation.reason == "UnknownCheck"


RECORDS: list[tuple[list[Object], set[str]]] = [
    # records of a Zone and of a RecordSet, and what both sides tell of them
    ([rrset("a", "A", "192.0.2.1")], set()),
    ([rrset("sub", "NS", "ns1.example.net.", ttl=0)], {"ZeroTtl"}),
    ([rrset("sub", "NS", "ns1.example.net.", ttl=60)], set()),
    ([rrset("sub", "A", "192.0.2.1", ttl=0)], set()),
    *[
        ([rrset("w", rtype, before + address)], {"TargetIsAddress"})
        for rtype, before in [
            ("MX", "10 "),
            ("MX", " 10  "),
            ("NS", ""),
            ("CNAME", ""),
            ("PTR", ""),
            ("DNAME", ""),
            ("SRV", "1 2 3 "),
            ("HTTPS", "1 "),
            ("SVCB", "0 "),
        ]
        for address in ["192.0.2.1", "192.0.2.1.", "2001:db8::1", "2001:DB8::1."]
    ],
    ([rrset("w", "MX", "10 192.0.2.1 ; a comment")], {"TargetIsAddress"}),
    ([rrset("w", "MX", "10 192.0.2.1"), rrset("*", "A", "192.0.2.1")], {"TargetIsAddress"}),
    ([rrset("w", "HTTPS", "1 . ipv4hint=192.0.2.1")], set()),
    ([rrset("w", "MX", "0 .")], set()),
    ([rrset("w", "TXT", "10 192.0.2.1")], set()),
    ([rrset("w", "MX", "10 c"), rrset("c", "CNAME", "d.example.net.")], {"TargetIsAlias"}),
    ([rrset("w", "NS", "C"), rrset("c", "CNAME", "d.example.net.")], {"TargetIsAlias"}),
    ([rrset("w", "SRV", "1 2 3 c"), rrset("c", "CNAME", "d.example.net.")], {"TargetIsAlias"}),
    ([rrset("w", "HTTPS", "1 c"), rrset("c", "CNAME", "d.example.net.")], set()),
    ([rrset("w", "MX", "10 c.example.net."), rrset("c", "CNAME", "d.example.net.")], set()),
    ([rrset("w", "TXT", SPF)], {"SpfLookups"}),
    ([rrset("w", "TXT", f'"{SPF[:99]}" "{SPF[99:198]}" "{SPF[198:]}"')], {"SpfLookups"}),
    ([rrset("w", "TXT", SPF.replace(" include:0.example.net", ""))], set()),
    ([rrset("w", "TXT", "v=spf1 a mx ptr exists:x +a ~mx -a/24 ?a a a/1//2 A Mx")], {"SpfLookups"}),
    ([rrset("w", "TXT", "v=spf1 -all", "v=spf1 ~all")], {"SeveralSpf"}),
    ([rrset("w", "TXT", '"v=spf1 -all"', "v=spf1 ~all")], {"SeveralSpf"}),
    ([rrset("w", "TXT", '"v=spf1 -all"', "v=spf1 -all")], set()),
    ([rrset("w", "TXT", "v=spf1 -all", "v=spf10", "v=spf1\\ -all", "v=DMARC1")], set()),
    ([rrset("s._domainkey", "TXT", DKIM)], set()),
    ([rrset("s._domainkey", "TXT", DKIM.replace(";", "\\;"))], set()),
    ([rrset("s._domainkey", "TXT", f'"{DKIM[:20]}" "{DKIM[20:]}"')], set()),
    ([rrset("s._domainkey", "TXT", "v=DKIM1; p=")], set()),
    ([rrset("s._domainkey", "TXT", "v=DKIM1; k=rsa")], {"BadDkimKey"}),
    ([rrset("s._DomainKey.sub", "TXT", "v=DKIM1; P=")], {"BadDkimKey"}),
    ([rrset("s._domainkey", "TXT", '"v=DKIM1; k=rsa; p=MIGf..."')], {"BadDkimKey"}),
    ([rrset("s._domainkey", "TXT", "v=DKIM1\\; p = -----BEGIN")], {"BadDkimKey"}),
    ([rrset("_adsp._domainkey", "TXT", "dkim=all")], set()),
    ([rrset("_domainkey", "TXT", "o=-")], set()),
]
IN_ZONES: list[tuple[Object, set[str]]] = [
    (zone([], ttl=0), {"ZeroTtl"}),
    (zone([rrset("sub", "NS", "ns1.example.net.")], ttl=0), {"ZeroTtl"}),
    (zone([], nameServers=["192.0.2.1"]), {"TargetIsAddress"}),
    (
        zone([rrset("w", "MX", "1 C.example.com."), rrset("c.example.com.", "CNAME", "b.test.")]),
        {"TargetIsAlias"},
    ),
    *[
        (zone([rrset("w", rtype, data)], origin=origin), {"RelativeTarget"})
        for rtype, data in [
            ("MX", "10 mail.example.com"),
            ("MX", "10 example.com"),
            ("CNAME", "Mail.Example.COM"),
            ("SRV", "1 2 3 mail.example.com"),
            ("HTTPS", "1 mail.example.com alpn=h2"),
            ("NS", "mail.example.com ; a comment"),
        ]
        for origin in ["example.com", "Example.Com."]
    ],
    (zone([rrset("w", "HTTPS", "1 . alpn=x.example.com")]), set()),
    (zone([rrset("w", "MX", "10 mail.example.net.")]), set()),
    (zone([rrset("w", "MX", "10 x.example.com"), rrset("*", "A", "192.0.2.1")]), set()),
    (zone([rrset("w", "MX", "10 x.example.com"), rrset("x.example.com", "A", "192.0.2.1")]), set()),
]


@pytest.mark.parametrize(("records", "reasons"), RECORDS)
def test_what_both_tell_of_records(
    api: KubeAPIServer, records: list[Object], reasons: set[str]
) -> None:
    for item in (zone(records), record_set(records)):
        assert by_the_checks(item) == reasons
        assert at_apply(api, item) == reasons
    for item in (zone(records, ", ".join(reasons)), record_set(records, ",".join(reasons))):
        assert by_the_checks(item) == set()
        assert at_apply(api, item) == set()


@pytest.mark.parametrize(("item", "reasons"), IN_ZONES)
def test_what_both_tell_of_zones(api: KubeAPIServer, item: Object, reasons: set[str]) -> None:
    assert by_the_checks(item) == reasons
    assert at_apply(api, item) == reasons


def test_the_tables_have_all_that_is_told_at_apply() -> None:
    in_both = set().union(*(reasons for _, reasons in RECORDS))
    in_zones = set().union(*(reasons for _, reasons in IN_ZONES))
    for name, check in CHECKS.items():
        assert ("RecordSet" in check.at_apply) == (name in in_both)
        assert ("Zone" in check.at_apply) == (name in in_both | in_zones)


def test_names_of_checks_in_the_annotation(api: KubeAPIServer) -> None:
    every = zone([], ", ".join(CHECKS))
    assert at_apply(api, every) == by_the_checks(every) == set()
    other = zone([], "ZeroTtl, NoCheck,")
    assert at_apply(api, other) == by_the_checks(other) == {"UnknownCheck"}


def test_a_warning_names_the_rrset_and_counts_the_others(api: KubeAPIServer) -> None:
    bad = [rrset(name, "MX", "10 192.0.2.1") for name in ("a", "b", "c")]
    (told,) = api.try_out(zone(bad))
    assert told.endswith(
        "TargetIsAddress: a MX leads to an address; write a name that has it; so 2 more"
    )


OWNERS = st.sampled_from(
    [
        *("@", "a", "b", "c", "A", "*", "com", "x.com", "*.b", "a\\.b", "b\\195\\188", "büch"),
        *("mail.example.com", "a.example.com.", "*.example.com.", "com.example.com."),
        *("s._domainkey", "_s._domainkey", "s._domainkey.a", "192.0.2.1", "2001:db8::1"),
        *("192.0.2.1.example.com.", "a.192.0.2.1", "example.com."),
    ]
)
TARGETS = st.sampled_from(
    [
        *("@", ".", "a", "b", "C", "a.b", "com", "mail.example.com", "example.com", "EXAMPLE.com."),
        *("a.example.com", "a.example.com.", "b.example.com.", "x.example.com.example.com."),
        *("192.0.2.1", "192.0.2.1.", "2001:db8::1", "1.2.3", "192.0.2.1.example.com.", "büch"),
        *(
            "büch.example.com",
            "a\\.example.com",
            "a\\.b",
            "a\\.b.example.com",
            "\\097",
            "a.example.net.",
        ),
    ]
)
BEFORE = {"MX": "10 ", "SRV": "1 2 3 ", "HTTPS": "1 ", "SVCB": "1 "}
LEADING = st.builds(
    lambda name, rtype, around, targets, ttl: rrset(
        name, rtype, *(BEFORE.get(rtype, "") + around.format(each) for each in targets), **ttl
    ),
    OWNERS,
    st.sampled_from(["CNAME", "DNAME", "NS", "PTR", "MX", "SRV", "SVCB", "HTTPS"]),
    st.sampled_from(["{}", "{}", " {}", "\t{} ", "( {} )", "{} ; a", "{};b"]),
    st.lists(TARGETS, min_size=1, max_size=2),
    st.sampled_from([{}, {"ttl": 0}, {"ttl": 60}]),
)
PIECES = st.sampled_from(
    [
        *("v=spf1", "V=SPF1", "v=spf1 ", " ", '"', '" "', '""', "\\;", ";", "\\", "-all", "+all"),
        *(
            "\t",
            "\\032",
            f" {LOOKUPS} ",
            " a mx ptr",
            " redirect=a.example.com",
            "v=DKIM1; ",
            "p=",
            " p = ",
        ),
        *("k=rsa;", "p", "P=", KEY, "ü", "=", "a/b", "x=y;", "!"),
    ]
)
TEXTS = st.builds(
    lambda name, texts: rrset(name, "TXT", *texts),
    st.one_of(st.sampled_from(["@", "a", "s._domainkey"]), OWNERS),
    st.lists(
        st.builds(
            lambda quotes, pieces: quotes + "".join(pieces) + quotes,
            st.sampled_from(["", '"']),
            st.lists(PIECES, min_size=1, max_size=5),
        ),
        min_size=1,
        max_size=3,
    ),
)
ADDRESSES = st.builds(lambda name: rrset(name, "A", "192.0.2.1"), OWNERS)
LISTS = st.lists(
    st.one_of(LEADING, TEXTS, ADDRESSES),
    min_size=1,
    max_size=4,
    unique_by=lambda each: (each["name"], each["type"]),
)
ITEMS = st.one_of(
    st.builds(
        lambda records, origin, servers, ttl: zone(
            [each for each in records if (each["name"], each["type"]) != ("@", "NS")],
            origin=origin,
            nameServers=servers,
            ttl=ttl,
        ),
        LISTS,
        st.sampled_from(["example.com", "example.com.", "EXAMPLE.COM", "büch.example.com"]),
        st.lists(
            st.sampled_from(["ns1.example.net", "a.example.com", "192.0.2.1.", "2001:db8::1"]),
            min_size=1,
            max_size=2,
            unique=True,
        ),
        st.sampled_from([0, 300]),
    ),
    st.builds(record_set, LISTS),
)


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(item=ITEMS)
def test_the_api_server_tells_nothing_that_the_checks_do_not(
    api: KubeAPIServer, item: Object
) -> None:
    checked = by_the_checks(item)
    if checked is None:
        event("refused")
        return
    told = at_apply(api, item)
    event(f"told {len(told)} of {len(checked)}")
    assert told <= checked


def test_10_000_records_are_taken_and_told_of(api: KubeAPIServer) -> None:
    for before, after, reasons in [
        ("10 a", ".example.net.", set()),
        ("10 a", ".example.com", {"RelativeTarget"}),
        ("10 192.0.2.", "", {"TargetIsAddress"}),
    ]:
        data = [f"{before}{number}{after}" for number in range(20)]
        item = zone([rrset(f"n{number}", "MX", *data) for number in range(500)])
        assert at_apply(api, item) == reasons


def test_a_check_that_costs_too_much_refuses_nothing(api: KubeAPIServer) -> None:
    data = [f"v=spf1 {LOOKUPS} ip4:192.0.2.{number} -all" for number in range(20)]
    item = zone([rrset(f"n{number}", "TXT", *data) for number in range(500)], ttl=0)
    assert at_apply(api, item) == {"ZeroTtl"}
    failures = [line for line in api.metrics() if 'action="allow"' in line and "r-checks" in line]
    assert failures, "the check of SPF did not fail, so this test shows nothing"


def test_a_cluster_without_such_policies_gets_none() -> None:
    kinds = ["--api-versions", "apps/v1/Deployment"]
    assert rendered(*kinds) == []
    assert rendered(*kinds, "--api-versions", KIND) == rendered() != []
