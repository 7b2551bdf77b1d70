"""A model of a whole fleet: the real code between Redis servers in memory.

Real are the store, the publisher, the follower and the engine of each edge, what the operator says
of propagation, and which step of a rotation of the key it takes. Modelled are the core and the
replicas (`memory_redis`, which a test holds to a real Valkey), the link, the disk and the file of
public keys of an edge (`edges`), and what makes the writer work (`writers`). `fleets` puts them
together and says what must be true, and `core_rules`, `edge_rules` and `key_rules` say what may
happen.

What it takes for granted, because the system does: an edge that starts again does so at least two
seconds after it started before (`edge_pods.CLOCK_STEP_MS`), the writer knows at once which
processes run, and the file of public keys of an edge goes forward only.
"""
