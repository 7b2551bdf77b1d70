"""Which serials secondaries have: they are asked for the SOA of each zone, again and again."""
