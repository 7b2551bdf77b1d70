"""The operator: it makes a fleet what the objects in a cluster ask for.

    watching ──events──▶ controller ──keys──▶ leading ──▶ zones, pops ──▶ statuses
                             │
                          observed

A folder may import those that stand below it: watching, controller, leading, statuses, zones and
pops, observed and secrets, then the single modules. What is published, and how, is in
`dnsfleet_publisher`.
"""
