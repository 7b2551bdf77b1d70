"""What goes into a zone: master files, records of objects, who owns what, serials, plans.

The data of a zone itself lives in the engine (`dnsfleet_engine`). What one object may say is in
`dnsfleet.resources`.
"""
