"""Whether the end of a Zone object was a wish to remove the zone. Pure.

Objects also end because their namespace or their CRD is deleted: the API server takes them along,
one by one, and each looks deleted like any other. That is no word about a zone. So the namespace
and the CRD must be there, must not be on their way out, and must be no younger than the object.
"""

from collections.abc import Mapping
from typing import Any

Manifest = Mapping[str, Any]


def why_not(
    deleted: Manifest, namespace: Manifest | None, definition: Manifest | None
) -> str | None:
    """Why the zone stays published; None where its object was deleted for its own sake.

    `namespace` and `definition` are the Namespace and the CRD of the deleted Zone as they are now.
    """
    for kind, container in (("namespace", namespace), ("CRD", definition)):
        if container is None:
            return f"its {kind} is gone too"
        metadata = container["metadata"]
        if metadata.get("deletionTimestamp"):
            return f"its {kind} is being deleted"
        if metadata["creationTimestamp"] > deleted["metadata"]["creationTimestamp"]:
            return f"its {kind} was made anew since"
    return None
