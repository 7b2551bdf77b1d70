"""Figures of this machine: measured, never asserted, since machines are shared and differ.

`make bench` runs all parts in about half an hour, `make bench ONLY=floor` one. The figures of
dnsfleet and of other servers go to docs/benchmarks.json; page and picture are made from that file.
For work on the engine, `floor` takes less than a minute: it tells what a query costs compared with
sending it back unread.
"""
