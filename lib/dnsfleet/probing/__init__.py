"""What probers ask of every Pop from outside, who asks whom, and what the replies say.

    writer ── lists ══ replication ══▶ prober ── division ── asks ── judging

All of it is pure. `dnsfleet_publisher.probe_lists` writes the list, `dnsfleet_probe` asks.
"""
