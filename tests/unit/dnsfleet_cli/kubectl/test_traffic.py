"""What a Pop answers, as the metrics of the operator say it."""

import timeit

import pytest
from dnsfleet.replication.telemetry import Sample
from dnsfleet_cli.kubectl import traffic
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.cluster_top import ClusterTop
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.kubectl.pods import Pod
from dnsfleet_cli.kubectl.traffic import Traffic
from dnsfleet_cli.top import samples
from dnsfleet_cli.troubles import Trouble
from dnsfleet_io.pages import metrics_page
from dnsfleet_operator.metrics import Metrics

LEADS, WAITS, EDGE = Pod("dns", "leads", 1), Pod("dns", "waits", 1), Pod("dns", "edge", 1)
SAID = {"fra": Sample(0, 2, 1203.7, 0.0031, 222 * 2**20)}
FRA = Traffic(1203.7, 0.0031, 222 * 2**20)
EDGE_PAGE = """\
dnsfleet_edge_ready 1.0
dnsfleet_edge_replica_connected 1.0
dnsfleet_edge_zones 3.0
dnsfleet_edge_zone_serial{zone="one.example."} 7.0
"""


class Pages(Cluster):
    """A cluster of which only pages of pods are read; a page that is None cannot be had."""

    def __init__(self, pages: dict[Pod, str | None]) -> None:
        self._pages = pages

    def scraped(self, component: str, namespace: str) -> dict[Pod, str]:
        return {pod: "fra" for pod in self._pages if (pod == EDGE) == (component == "edge")}

    def page(self, pod: Pod, path: str, seconds: float) -> str:
        if (page := self._pages[pod]) is None:
            raise Trouble(f"cannot read {path} of pod {pod.name}")
        return page

    def pops(self) -> list[Object]:
        return [{"metadata": {"name": "fra"}, "spec": {"cluster": "agent"}}]

    def fleets(self) -> list[Object]:
        return []


def operator_page(said: dict[str, Sample]) -> str:
    metrics = Metrics()
    metrics.fleet.traffic = said
    return metrics_page(metrics.registry).body.decode()


def test_the_operator_that_leads_tells_them() -> None:
    assert traffic.read(Pages({WAITS: operator_page({}), LEADS: operator_page(SAID)}), "dns") == {
        "fra": FRA
    }
    assert traffic.read(Pages({WAITS: operator_page({})}), "dns") == {}
    assert traffic.read(Pages({}), "dns") == {}


def test_an_operator_of_a_version_before_tells_no_memory() -> None:
    page = "\n".join(line for line in operator_page(SAID).splitlines() if "memory" not in line)
    assert traffic.parse(page) == {"fra": FRA._replace(memory=None)}


def test_a_page_that_cannot_be_had_is_trouble() -> None:
    with pytest.raises(Trouble, match="cannot read metrics of pod leads"):
        traffic.read(Pages({LEADS: None}), "dns")


@pytest.mark.parametrize("page", ["", "<html>no metrics</html>", 'dnsfleet_pop_ready{pop="a"} 1'])
def test_a_page_without_figures_has_none(page: str) -> None:
    assert traffic.parse(page) == {}


@pytest.mark.parametrize(
    "line",
    [
        "dnsfleet_edge_queries_total x",
        "dnsfleet_edge_zones NaN",
        "dnsfleet_edge_zones +Inf",
        "dnsfleet_edge_response_duration_seconds_bucket 1",
        'dnsfleet_edge_response_duration_seconds_bucket{le="wide"} 1',
        "dnsfleet_edge_zones",
    ],
)
def test_a_line_that_means_nothing_is_left_out(line: str) -> None:
    said = samples.edge_sample(f"{EDGE_PAGE}{line}\n", 0.0)
    assert said == samples.edge_sample(EDGE_PAGE, 0.0)


@pytest.mark.parametrize("labels", ["", "{}", '{shard="0"}'])
def test_figures_of_no_pop_are_left_out(labels: str) -> None:
    page = "".join(f"{name}{labels} 1\n" for name in (traffic._QUERIES, traffic._SERVFAIL))
    assert traffic.parse(page) == {}


def test_labels_take_time_by_their_length_alone() -> None:
    def seconds(octets: int) -> float:
        page = f"dnsfleet_edge_queries_total{{{'a' * octets}}} 1\n"
        return min(timeit.repeat(lambda: samples.edge_sample(page, 0.0), number=1, repeat=10))

    assert seconds(400_000) < 100 * seconds(20_000), "a square would take 400 times as long"


@pytest.mark.parametrize(
    ("page", "queries"), [(operator_page(SAID), 1203.7), (operator_page({}), None), (None, None)]
)
def test_top_shows_a_pop_of_another_cluster_by_what_the_operator_says(
    page: str | None, queries: float | None
) -> None:
    (pop,) = ClusterTop(Pages({LEADS: page, EDGE: EDGE_PAGE}), "dns").look().pops
    assert (pop.name, pop.queries) == ("fra", queries)
    (edge,) = pop.edges.values()
    assert edge is not None
    assert (edge.ready, edge.connected, edge.zones) == (True, True, 3)


def test_an_edge_that_does_not_answer_is_shown_as_such() -> None:
    (pop,) = ClusterTop(Pages({EDGE: None}), "dns").look().pops
    assert dict(pop.edges) == {"edge": None}
