"""What a page of metrics says."""

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample


def samples(page: str) -> Iterator[Sample]:
    """All samples of a page, whatever their family."""
    for family in text_string_to_metric_families(page):
        yield from family.samples
