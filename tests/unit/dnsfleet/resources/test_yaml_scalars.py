"""What bare scalars mean; `tests/conformance` compares thousands with the library of kubectl."""

import pytest
from dnsfleet.resources import yaml_scalars
from dnsfleet.resources.yaml_scalars import ScalarError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("y", True), ("N", False), ("on", True), ("yEs", "yEs"), ("~", None), ("", None)),
        *(("1e3", 1000), ("60.0", 60), ("1.5", 1.5), (".5", 0.5), ("1e400", "1e400"), ("-", "-")),
        *(("0o10", 8), ("010", 8), ("08", 8), ("0x1F", 31), ("-0b11", -3), ("1_000", 1000)),
        *(("12:30", "12:30"), ("2026-01-02", "2026-01-02"), ("192.0.2.1", "192.0.2.1")),
        *(("18446744073709551615", 2**64 - 1), ("1e19", 1e19)),
    ],
)
def test_a_scalar_without_quotes(text: str, value: object) -> None:
    found = yaml_scalars.resolve(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan"])
def test_what_json_cannot_express_is_refused(text: str) -> None:
    with pytest.raises(ScalarError, match="no number that JSON can express"):
        yaml_scalars.resolve(text)
