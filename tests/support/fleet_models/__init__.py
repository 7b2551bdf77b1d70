"""A model of a whole fleet: the real code between Redis servers in memory.

Real are the store, the publisher, the follower and the engine of each edge, and what the operator
says of propagation. Modelled are the core and the replicas (`memory_redis`, which a test holds to
a real Valkey), the link and the disk of an edge (`edges`), and what makes the writer work
(`writers`). `fleets` puts them together and says what must be true, and `core_rules` and
`edge_rules` say what may happen.

Not in it: other keys than one. Where they are replaced, that is a rule in `core_rules`: writer and
edges take their keys from `support.core_servers` in two places (`Writer.restart`, `Edge.start`).

What it takes for granted, because the system does: an edge that starts again does so at least two
seconds after it started before (`propagation.CLOCK_STEP_MS`), and the writer knows at once which
processes run.
"""
