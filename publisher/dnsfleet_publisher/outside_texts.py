"""All zone files from outside of objects: transferred ones, and those that the caller reads."""

from dnsfleet import resources
from dnsfleet.resources import Reference
from dnsfleet.resources.documents import Document

from dnsfleet_publisher.transferring.transfers import Transfers
from dnsfleet_publisher.zone_sources import Outside, Text


class OutsideTexts:
    """An `Outside` of two: which one is asked, the Zone says."""

    def __init__(self, files: Outside, transfers: Transfers) -> None:
        self._files = files
        self._transfers = transfers

    def read(self, zone: resources.Zone, document: Document) -> Text:
        """The text of a Zone; SourceError where there is none."""
        if zone.spec.transfer is None:
            self._transfers.drop(zone.reference)
            return self._files.read(zone, document)
        self._files.drop(zone.reference)
        return self._transfers.read(zone)

    def unchanged(self, reference: Reference) -> bool:
        """Whether `read` would give for this Zone what it gave last."""
        return self._files.unchanged(reference) and self._transfers.unchanged(reference)

    def drop(self, reference: Reference) -> None:
        """The Zone is gone: keep nothing of it."""
        self._files.drop(reference)
        self._transfers.drop(reference)
