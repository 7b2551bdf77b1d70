"""The Zones of zones that catalogs of primaries list (RFC 9432): `planning` decides, `passes` does.

Of the other parts of the operator it gets what is published, and who names an origin.
"""
