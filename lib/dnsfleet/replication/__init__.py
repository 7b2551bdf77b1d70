"""How zones travel: what is written to Redis, how a reader follows it, and what it acknowledges.

Keys, payloads, signed manifests and the follower. How Redis is spoken to is not here: the writer's
side is `dnsfleet_publisher`, the reader's `dnsfleet_edge`.
"""
