"""Zones that another server has, by zone transfer: AXFR (RFC 5936) and IXFR (RFC 1995) over TCP.

`receiving` decides what the messages of a transfer say, `rows` has the records of one as lines,
and `connections` asks the server. dnspython knows the protocol.
"""
