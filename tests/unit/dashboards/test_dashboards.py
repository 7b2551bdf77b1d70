"""The dashboards of the chart: made from their code, and what Grafana needs of them."""

import itertools
import re
from typing import Any

import pytest
from dnsfleet_cli.top import figures
from support import dashboards as files
from support.pages import DOCS

from dashboards import boards, bounds, grafana

BOARDS = files.boards()
Object = dict[str, Any]


def test_the_files_are_what_the_code_makes() -> None:
    made = {f"{board.name}.json": grafana.text(board) for board in boards.ALL}
    found = {path.name: path.read_text() for path in files.FOLDER.iterdir()}
    assert found == made, "run `make dashboards` and commit the result"


def test_their_names_and_links_are_their_own() -> None:
    assert len({board["uid"] for board in BOARDS}) == len(BOARDS) == 6
    assert len({board["title"] for board in BOARDS}) == len(BOARDS)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
class TestBoard:
    def test_panels_lie_side_by_side_in_the_grid(self, board: Object) -> None:
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)
        for a, b in itertools.combinations([panel["gridPos"] for panel in board["panels"]], 2):
            beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
            above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
            assert beside or above, (a, b)
        assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in board["panels"])

    def test_every_panel_says_what_it_shows_and_in_which_unit(self, board: Object) -> None:
        for panel in files.panels(board):
            assert panel["description"].endswith("."), panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert panel["datasource"]["uid"] == "${datasource}"

    def test_every_variable_that_is_used_is_chosen_at_the_head(self, board: Object) -> None:
        chosen = {each["name"] for each in board["templating"]["list"]} | {"__rate_interval"}
        used = set(re.findall(r"\$\{?(\w+)", str(board["panels"]) + str(board["templating"])))
        assert used - {"__all"} <= chosen
        assert chosen - used <= {"__rate_interval"}

    def test_a_series_is_told_by_labels_that_its_expression_keeps(self, board: Object) -> None:
        for panel in files.panels(board):
            for target in panel["targets"]:
                for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                    assert re.search(rf"by \([^)]*\b{label}\b", target["expr"]), target


_ROW = re.compile(r"^\| `(dnsfleet_\w+)` \| \w+ \| ([^|]*) \|", re.MULTILINE)
_BY_SCRAPE = {"pop", "pod", "le"}
"""Labels that scraping gives to every series of an edge, and the one of a histogram."""


def documented() -> dict[str, set[str]]:
    """The labels of each metric, as docs/metrics.md lists them."""
    rows = _ROW.findall((DOCS / "metrics.md").read_text())
    return {metric: set(labels.split(", ")) for metric, labels in rows}


@pytest.mark.parametrize("each", files.expressions(), ids=lambda each: each.where)
def test_every_metric_is_documented_with_the_labels_that_are_used(each: files.Expression) -> None:
    labels_of = documented()
    ours = {metric for metric in each.metrics if metric.startswith("dnsfleet_")}
    assert ours <= labels_of.keys()
    for metric, matchers in re.findall(r"(dnsfleet_\w+?)(?:_bucket)?\{([^}]*)\}", each.text):
        used = set(re.findall(r"(\w+)=", matchers))
        assert used <= labels_of[metric] | _BY_SCRAPE, metric
    grouped = re.findall(r"by \(([^)]*)\)", each.text)
    used = {label.strip() for labels in grouped for label in labels.split(",")}
    assert used <= _BY_SCRAPE.union(*(labels_of[metric] for metric in ours))


def test_what_is_said_to_be_without_data_is_asked_for() -> None:
    unused = set(files.WITHOUT_DATA)
    for each in files.expressions():
        unused -= set(filter(each.asks_for, unused))
    assert not unused, "take it off the list"


def test_top_marks_what_the_alerts_fire_for() -> None:
    assert figures.LAG_SECONDS == bounds.LAG_SECONDS
    assert figures.SERVFAIL_SHARE == bounds.SERVFAIL_SHARE
    assert figures.LIMITED_SHARE == bounds.LIMITED_SHARE
    assert figures.LATENCY_SECONDS == bounds.LATENCY_SECONDS


def test_a_bound_that_is_not_in_the_rule_is_told() -> None:
    with pytest.raises(ValueError, match="the rule of DnsfleetPopDown has nothing like x"):
        bounds.of("DnsfleetPopDown", "x(1)")
