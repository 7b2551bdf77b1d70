"""Zones that another server has, by zone transfer: AXFR (RFC 5936) and IXFR (RFC 1995) over TCP.

messages          one message of a transfer, with the rdata that comes in it
receiving, rows   what the messages of a transfer say; dnspython knows the protocol
connections       asks one server one thing
primaries         one zone of one primary: what is newer, and how it comes
schedules         when the primaries of a zone are asked again
standings         how it stands with them, for people
followed          one zone: the rounds in which its primaries are asked
turns             many servers asked at once, few times each
notifies          what a primary is told that says that a zone has changed
notify_port       where gates pass that on to
transfers         all zones, each followed for as long as it is wanted
"""
