"""Figures of this machine: measured, never asserted, since machines are shared and differ.

`make bench` runs all parts in about half an hour, `make bench ONLY=floor` one. What dnsfleet does
beside other servers goes to docs/benchmarks.json, and page and picture are made from that file. For
work on the engine, `floor` tells in under a minute what a query costs over sending it back unread.
"""
