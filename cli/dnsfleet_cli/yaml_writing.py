"""YAML as we write it: whoever reads it, kubectl or a reader of YAML 1.1, reads the same.

Two readings decide which texts need quotes. PyYAML's own knows what other programs take for a
number (`12:30`), that of kubectl what becomes true, false or a number in a cluster (`y`, `1e3`,
`0o10`; see `dnsfleet.resources.yaml_scalars`).
"""

import sys
from typing import Any

import yaml
from dnsfleet.resources import yaml_scalars

_TEXT = f"{yaml_scalars.TAG}str"
_OTHER = f"{yaml_scalars.TAG}null"
"""What a text is taken for that cannot stand without quotes; which type does not matter."""


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a block, so that an inline zone file can be read."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """What a scalar without quotes would be read as."""
        tag = str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]
        if kind is yaml.ScalarNode and implicit[0] and tag == _TEXT and not _is_text(value):
            return _OTHER
        return tag


def dump(value: dict[str, Any]) -> str:
    """A mapping as YAML, its fields in their order."""
    return yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=sys.maxsize
    )


def _is_text(value: str) -> bool:
    try:
        return isinstance(yaml_scalars.resolve(value), str)
    except yaml_scalars.ScalarError:
        return False


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(_TEXT, text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
