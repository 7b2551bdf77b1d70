"""Zones that another server has, by zone transfer: AXFR over TCP (RFC 5936), with TSIG or without.

`key_files` reads TSIG keys, `receiving` decides what the messages of a transfer say, `fetching`
asks the server, and `importing` is the command. dnspython knows the protocol.
"""
