"""An API server in memory whose watches tell what the operator itself writes."""

from collections.abc import Callable

from dnsfleet_operator.cluster import Object

from support.memory_clusters import MemoryCluster, name_of


class ToldCluster(MemoryCluster):
    """`tell` gets each Zone that was made, changed or deleted by the operator."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: Exception | None = None
        """What a Zone that is to be made is refused with."""
        self.tell: Callable[[Object, bool], None] = lambda _, __: None

    def create(self, new: Object) -> Object:
        if self.refused is not None and new["kind"] == "Zone":
            raise self.refused
        made = super().create(new)
        self._say(made, deleted=False)
        return made

    def replace(self, changed: Object) -> Object:
        made = super().replace(changed)
        self._say(made, deleted=False)
        return made

    def delete(self, found: Object, *, unchanged: bool = False) -> None:
        gone = self.get(*name_of(found)) if found["kind"] == "Zone" else None
        super().delete(found, unchanged=unchanged)
        if gone is not None:
            self._say(gone, deleted=True)

    def _say(self, found: Object, *, deleted: bool) -> None:
        if found["kind"] == "Zone":
            self.tell(found, deleted)
