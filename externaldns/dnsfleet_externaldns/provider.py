"""The four operations of the protocol, on the objects of one instance.

ExternalDNS asks for the records, has the wanted endpoints adjusted, makes a plan of the
difference, and sends it. What is held is read anew each time, so that nothing rests on what was
remembered; Zones are read once a round, since they are large.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from dnsfleet import names

from dnsfleet_externaldns import admission, endpoints, plans, record_sets
from dnsfleet_externaldns.admission import OWN_PROPERTY, EndpointId, Refusal
from dnsfleet_externaldns.cluster import API
from dnsfleet_externaldns.endpoints import Changes, Endpoint
from dnsfleet_externaldns.known_zones import KnownZones
from dnsfleet_externaldns.metrics import WebhookMetrics
from dnsfleet_externaldns.plans import Refused
from dnsfleet_externaldns.record_sets import Held, Part
from dnsfleet_externaldns.refusals import Refusals, Told
from dnsfleet_externaldns.writing import Writing

OUT_OF_DATE = f"{OWN_PROPERTY}out-of-date"
"""Setting of an endpoint whose RecordSet was changed, or is in another Zone than that of its name.
No wanted endpoint has it, so ExternalDNS asks for an update."""


class Provider:
    """The operations; one at a time. Each raises UnavailableError where the API server does."""

    def __init__(
        self,
        api: API,
        instance: str,
        domains: Sequence[str],
        metrics: WebhookMetrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`domains` are what this instance is for; empty for all that it sees."""
        self._api = api
        self._instance = instance
        self._domains = [names.normalise(each) for each in domains]
        self._metrics = metrics
        self._clock = clock
        self._lock = threading.Lock()
        self._known = KnownZones(api, clock)
        self._read: dict[tuple[str, str], Held | None] = {}
        """What was read last, by uid and version: nearly all are the same the next time."""
        self._judged: dict[EndpointId, Refused] = {}
        """Endpoints that were refused when they were adjusted."""
        self._unwritten: dict[EndpointId, Refused] = {}
        """Those that were refused when they were to be written."""
        self._endpoints = Refusals()
        self._record_sets = Refusals()

    def negotiate(self) -> dict[str, Any]:
        """The domains that ExternalDNS is to ask for; without `include` all of them.

        ExternalDNS reads it when it starts, so it has no Zones: those that come later count too.
        """
        return (
            {"include": [each.removesuffix(".") for each in self._domains]} if self._domains else {}
        )

    def records(self) -> list[Endpoint]:
        """The endpoints of this instance."""
        with self._lock:
            self._metrics.zones.set(len(self._known.read()))
            held = self._held()
            self._tell_of_record_sets(held)
            found = [each for one in self._chosen(held) for each in self._endpoints_of(one)]
            self._metrics.endpoints.set(len(found))
            return found

    def adjust(self, wanted: Iterable[Endpoint]) -> list[Endpoint]:
        """The endpoints as they are read after they were written, without those that are refused.

        One that is refused changes nothing of what is there.
        """
        with self._lock:
            zones = self._known.refresh()
            ours = [each for each in wanted if self._is_ours(each)]
            judged = [(each, *admission.judge(each, zones)) for each in ours]
            good = {found: it for _, found, it in judged if not isinstance(it, Refusal)}
            self._judged = {
                found: Refused(it, admission.group(each))
                for each, found, it in judged
                if isinstance(it, Refusal)
            }
            held = self._parts() if self._judged or self._unwritten else {}
            self._forget_what_is_done(map(admission.group, ours), good, held)
            self._tell_of_endpoints()
            adjusted = []
            for each, found, it in judged:
                if not isinstance(it, Refusal):
                    adjusted.append(_adjusted(each, found, it))
                elif found not in good:
                    kept = _instead(found, good, held)
                    adjusted += [_adjusted(each, there, part) for there, part in kept.items()]
            return adjusted

    def apply(self, changes: Changes) -> None:
        """Write what differs. What is refused is told and left out; the next round asks again."""
        with self._lock:
            writing = Writing(self._api, self._metrics, self._clock)
            held, zones = plans.by_key(self._held()), self._known.refresh()
            try:
                for batch in plans.batches(changes):
                    writing.run(plans.plan(self._instance, batch, held, zones))
            finally:
                found = self._unwritten | writing.refused
                self._unwritten = {each: found[each] for each in found.keys() - writing.done}
                self._tell_of_endpoints()

    def _forget_what_is_done(
        self,
        groups: Iterable[str],
        good: Mapping[EndpointId, Part],
        held: Mapping[EndpointId, Part],
    ) -> None:
        """Of what could not be written, keep what is still wanted and still is not there."""
        wanted = set(groups)
        self._unwritten = {
            each: it
            for each, it in self._unwritten.items()
            if it.group in wanted and (each not in held or held[each] != good.get(each, held[each]))
        }

    def _parts(self) -> dict[EndpointId, Part]:
        """What each endpoint that is there adds to its RRset."""
        return {
            EndpointId(*each.key, name): part
            for each in self._chosen(self._held())
            for name, part in each.parts.items()
        }

    def _held(self) -> list[Held]:
        found: dict[tuple[str, str], Held | None] = {}
        for item in self._api.record_sets(record_sets.labels(self._instance)):
            version = item["metadata"]["uid"], item["metadata"]["resourceVersion"]
            known = version in self._read
            found[version] = (
                self._read[version] if known else record_sets.read(self._instance, item)
            )
        self._read = found
        return [each for each in found.values() if each is not None]

    def _chosen(self, held: Iterable[Held]) -> Iterator[Held]:
        """One object for each RRset: where there are two, the one in the Zone of the name."""
        found: dict[Any, Held] = {}
        for each in held:
            if each.key not in found or plans.is_at_home(each, self._known.zones):
                found[each.key] = each
        return iter(found.values())

    def _endpoints_of(self, held: Held) -> Iterator[Endpoint]:
        owner, rtype = held.key
        current = held.unchanged and plans.is_at_home(held, self._known.zones)
        for name in sorted(held.parts):
            part = held.parts[name]
            settings = (
                dict(part.properties) if current else {**part.properties, OUT_OF_DATE: "true"}
            )
            yield Endpoint(
                dns_name=owner.removesuffix("."),
                targets=part.targets,
                record_type=rtype,
                set_identifier=name,
                record_ttl=part.ttl,
                provider_specific=endpoints.properties(settings),
            )

    def _is_ours(self, endpoint: Endpoint) -> bool:
        """Whether ExternalDNS will ask for it, by what was negotiated; a bad name is told of."""
        try:
            owner = names.normalise(endpoint.dns_name)
        except ValueError:
            return True
        within = (names.is_at_or_below(owner, each) for each in self._domains)
        return not self._domains or any(within)

    def _tell_of_endpoints(self) -> None:
        found = {
            each: Told(
                {"name": each.owner, "type": each.type, "set": each.set_identifier},
                it.refusal.reason,
                it.refusal.message,
            )
            for each, it in (self._unwritten | self._judged).items()
        }
        self._endpoints.tell("endpoint_refused", found)
        self._metrics.set_refused(self._endpoints.by_reason())

    def _tell_of_record_sets(self, held: Iterable[Held]) -> None:
        found = {
            each.place: Told(
                {"name": each.key[0], "type": each.key[1], "record_set": str(each.place)},
                "NotAccepted",
                each.problem,
            )
            for each in held
            if each.problem
        }
        self._record_sets.tell("record_set_refused", found)
        self._metrics.refused_record_sets.set(len(found))


def _instead(
    refused: EndpointId, good: Mapping[EndpointId, Part], held: Mapping[EndpointId, Part]
) -> dict[EndpointId, Part]:
    """What stays in place of an endpoint that is refused: the same one as it is, or else what there
    is at its name, unless something good is wanted there."""
    if refused in held:
        return {refused: held[refused]}
    if any(each.owner == refused.owner for each in good):
        return {}
    place = refused.owner, refused.set_identifier
    return {each: held[each] for each in held if (each.owner, each.set_identifier) == place}


def _adjusted(endpoint: Endpoint, found: EndpointId, part: Part) -> Endpoint:
    """An endpoint as it is read after it was written; its labels are kept.

    Its name is in A-labels: the TXT registry puts `a-` before the first label, and from a U-label
    that would make an A-label which does not tell the name.
    """
    return endpoint.model_copy(
        update={
            "dns_name": found.owner.removesuffix("."),
            "record_type": found.type,
            "targets": part.targets,
            "record_ttl": part.ttl,
            "provider_specific": endpoints.properties(part.properties),
        }
    )
