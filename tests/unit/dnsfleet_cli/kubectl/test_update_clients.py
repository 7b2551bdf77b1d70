"""The lines for programs that send updates."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml
from dnsfleet import tsig_keys
from dnsfleet.resources import Reference, TsigKey, parse
from dnsfleet_cli.kubectl import tsig_keys as made
from dnsfleet_cli.kubectl import update_clients

DOCS = Path(__file__).parents[4] / "docs" / "integrations"
OCTETS = bytes(range(32))
SECRET = base64.b64encode(OCTETS).decode()


def pair(
    algorithm: str = "hmac-sha256", uses: tuple[str, ...] = ("update",), **more: Any
) -> made.Pair:
    zones = more.pop("zones", ["example.com", "example.org."])
    return made.make("cm-1", "dns", OCTETS, algorithm, zones, **{"for": list(uses), **more})


def part(text: str, title: str) -> str:
    """What stands under a title, up to the next one."""
    (found,) = [each for each in f"\n{text}".split("\n# ") if each.startswith(title)]
    return found.partition("\n")[2]


@pytest.mark.parametrize(
    "names",
    [
        "*",
        "*.dev",
        "*.@",
        "@",
        "www",
        "www.example.com.",
        "_acme-challenge.*",
        "*.dev.example.com.",
    ],
)
@pytest.mark.parametrize("types", [None, ["TXT"], ["AAAA"], ["SRV", "A"], ["SRV"]])
def test_the_example_is_one_that_the_key_allows(names: str, types: list[str] | None) -> None:
    given = pair(names=[names], types=types)
    script = part(update_clients.lines(given, "192.0.2.9"), "nsupdate: one change").splitlines()
    assert script[1:3] == ["server 192.0.2.9", "zone example.com."]
    verb, owner, *rest = script[3].split()[1:]
    rtype = rest[1] if verb == "add" else rest[0]
    key, _ = parse(given.key, "")
    assert isinstance(key, TsigKey)
    zones = {"example.com.": Reference("Zone", "dns", "com")}
    updates = tsig_keys.usable(key, OCTETS).with_owners(zones.get).updates
    assert updates is not None and updates.allows("example.com.", owner, rtype)


def test_programs_are_told_a_labels_as_they_do_not_make_them() -> None:
    given = pair(zones=["Bücher.example"], names=["straße.*"])
    text = update_clients.lines(given, "192.0.2.9") + made.lines(given, "192.0.2.9")
    assert text.isascii()
    assert "zone xn--bcher-kva.example.\n" in text
    assert "update add xn--strae-oqa.xn--bcher-kva.example. 60 TXT" in text
    assert "--rfc2136-zone=xn--bcher-kva.example\n" in text
    for line in ('zone "xn--bcher-kva.example" {', "- domain: xn--bcher-kva.example\n"):
        assert line in text


def test_cert_manager_is_told_an_algorithm_because_its_own_is_md5() -> None:
    text = part(update_clients.lines(pair(), "2001:db8::9"), "cert-manager: a Secret")
    secret, solver = yaml.safe_load_all(text)
    assert secret["stringData"] == {"secret": SECRET}
    assert solver["dns01"]["rfc2136"] == {
        "nameserver": "[2001:db8::9]:53",
        "tsigKeyName": "cm-1",
        "tsigAlgorithm": "HMACSHA256",
        "tsigSecretSecretRef": {"name": secret["metadata"]["name"], "key": "secret"},
    }
    other = update_clients.lines(pair("hmac-sha384"), "192.0.2.9")
    assert "cert-manager has no hmac-sha384" in other and "HMACSHA" not in other


@pytest.mark.parametrize("wait", ["Programmed", "Propagated"])
def test_cert_manager_need_not_look_where_the_gate_waits_for_the_edges(wait: str) -> None:
    given = pair()
    given.key["spec"]["wait"] = wait
    text = part(update_clients.lines(given, "192.0.2.9"), "cert-manager: a Secret")
    _, solver = yaml.safe_load_all(text)
    assert ("waitInsteadOfSelfCheck" in solver) == (wait == "Propagated")


@pytest.mark.parametrize("uses", [("update",), ("update", "transfer")])
def test_external_dns_transfers_with_a_key_that_may(uses: tuple[str, ...]) -> None:
    text = part(update_clients.lines(pair(uses=uses), "192.0.2.9"), "ExternalDNS: its container")
    container = yaml.safe_load(text)
    assert ("--rfc2136-axfr" in container["args"]) == ("transfer" in uses)
    assert [each for each in container["args"] if "zone" in each] == [
        "--rfc2136-zone=example.com",
        "--rfc2136-zone=example.org",  # with a dot it is the zone of no name
    ]
    assert container["env"] == [{"name": "EXTERNAL_DNS_RFC2136_TSIG_SECRET", "value": SECRET}]


def test_external_dns_is_told_what_its_page_says() -> None:
    given = pair(uses=("update", "transfer"), zones=["example.org"])
    text = part(update_clients.lines(given, "198.51.100.53"), "ExternalDNS: its container")
    printed = {each.removeprefix("--") for each in yaml.safe_load(text)["args"]}
    page = (DOCS / "externaldns-updates.md").read_text()
    values = yaml.safe_load(page.split("# external-dns.yaml\n")[1].split("```")[0])
    told = {"provider=rfc2136", "policy=sync", "registry=txt", "txt-owner-id=cm-1"}
    told |= {f"txt-prefix={values['txtPrefix']}", "domain-filter=example.org"}
    for name, value in (values["extraArgs"] | {"rfc2136-tsig-keyname": "cm-1"}).items():
        flag = value is True
        told |= {name} if flag else {f"{name}={value[0] if isinstance(value, list) else value}"}
    assert printed == told


def test_terraform_wants_an_absolute_name_of_the_key() -> None:
    text = part(update_clients.lines(pair(), "192.0.2.9"), "Terraform")
    assert 'key_name      = "cm-1."' in text and f'key_secret    = "{SECRET}"' in text
