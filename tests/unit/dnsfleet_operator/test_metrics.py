"""What an operator says of itself when it leads no more."""

from dnsfleet_operator.metrics import Metrics


def test_who_leads_no_more_says_nothing_of_its_work() -> None:
    metrics = Metrics("core")
    figures = ("operator_leader", "operator_queue_depth")
    for each in (metrics.leader, metrics.core_up, metrics.queue_depth):
        each.set(7)
    metrics.end_term()
    found = {
        sample.name.removeprefix("dnsfleet_"): (sample.labels, sample.value)
        for family in metrics.registry.collect()
        for sample in family.samples
    }
    assert [found[each][1] for each in figures] == [0, 0]
    assert "operator_core_up" not in found, "the core is not to blame for what nobody asks of it"
    assert found["operator_leader"][0] == {"role": "core"}
