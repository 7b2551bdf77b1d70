"""Names of Kubernetes objects that are made for a zone."""

import re

from dnsfleet.resources.base import MAX_OBJECT_NAME


def object_name(origin: str, room: int = 0) -> str:
    """A valid name in Kubernetes that shows which zone it is, `origin` absolute.

    Each label begins and ends with a letter or digit (RFC 1123), which labels of the DNS need not.
    So different origins may have the same name. `room` is how many characters are to fit behind it.
    """
    labels = [re.sub(r"[^a-z0-9-]+", "-", label).strip("-") for label in origin.split(".")]
    name = ".".join(label for label in labels if label)
    return name[: MAX_OBJECT_NAME - room].rstrip("-.") or "root"
