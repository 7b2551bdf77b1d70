"""Objects as the documents that a reader makes of them."""

from collections.abc import Iterable

from dnsfleet import resources
from dnsfleet.resources.documents import Document
from dnsfleet_operator.objects import Object


def documents(found: Iterable[Object]) -> list[Document]:
    """Of objects that can be read."""
    made = []
    for each in found:
        resource, _ = resources.parse(each, "object")
        assert resource is not None
        made.append(Document(resource.kind, resource, "", 0, {}))
    return made
