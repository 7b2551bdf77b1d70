"""`kubectl dnsfleet`: what a fleet in a cluster does, and taking a Pop out of service.

`cluster` talks to the API server; everything that decides or formats is pure and beside it. Objects
are plain dicts: what is shown must not depend on whether this version's models accept it.
"""
