"""Which namespace is the release's: pods of others are never asked, whatever their labels say."""

import pytest
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import Trouble


class Operators(Cluster):
    """A cluster with operators in some namespaces."""

    def __init__(self, *namespaces: str) -> None:
        self._namespaces = namespaces

    def pods(self, labels: str, namespace: str = "") -> list[Object]:
        assert "component in (operator)" in labels
        return [{"metadata": {"name": "o", "namespace": each}} for each in self._namespaces]


def test_it_is_where_the_only_operator_is() -> None:
    assert Operators("dns", "dns").release("") == "dns"


def test_it_is_the_one_that_is_named() -> None:
    assert Operators("tenant").release("dns") == "dns"


@pytest.mark.parametrize(
    ("namespaces", "told"),
    [((), "no operator of dnsfleet"), (("dns", "tenant"), "one of: dns, tenant")],
)
def test_it_is_not_guessed(namespaces: tuple[str, ...], told: str) -> None:
    with pytest.raises(Trouble, match=told):
        Operators(*namespaces).release("")
