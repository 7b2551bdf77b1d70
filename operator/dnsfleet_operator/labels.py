"""Labels and annotations by which the objects of the Pops are found again."""

MANAGED_BY = "dnsfleet"
POP_LABEL = "dnsfleet.io/pop"
COMPONENT_LABEL = "app.kubernetes.io/component"
CREATED_ANNOTATION = "dnsfleet.io/pop-created"
"""The creationTimestamp of the Pop, for when the Pop itself is gone."""
MANAGED_SELECTOR = f"app.kubernetes.io/managed-by={MANAGED_BY},{POP_LABEL}"
"""A label selector for all objects of all Pops."""
