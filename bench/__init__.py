"""Figures of this machine. They are printed, never asserted: machines are shared and differ.

`make bench` runs all, `make bench ONLY=floor` one. For work on the engine, `floor` tells in under a
minute what a query costs over sending it back unread.
"""
