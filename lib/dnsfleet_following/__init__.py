"""What follows the zones of a fleet: reads a replica, and gives what it has to whoever serves it.

Edges and gates are built on it. What to read and to load is decided by
`dnsfleet.replication.follower`; here are the connection to the replica, the check of what was read,
and the thread that does both.
"""
