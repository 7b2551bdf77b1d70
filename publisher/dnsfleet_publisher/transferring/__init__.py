"""Zones that another server has, by zone transfer: AXFR (RFC 5936) and IXFR (RFC 1995) over TCP.

receiving, rows   what the messages of a transfer say; dnspython knows the protocol
connections       asks one server one thing
primaries         one refresh: the primaries of a zone in turn
schedules         when the next one is due
standings         how it stands with the primaries, for people
transfers         all zones, each followed for as long as it is wanted
"""
