"""How the metrics look when something happens: pictures to recognise it by (`make signatures`).

    event ──▶ fleet of `dnsfleet up` ──pages, once a second──▶ recording ──▶ curves ──▶ SVG

Each event has a new fleet of two Pops on loopback, and a load that goes on all the time. It is left
alone at first, then something is done to it, and undone. Every second the pages of both edges are
read, as Prometheus would; what has no page then has a gap in its curves. Nothing is asserted and
nothing is drawn that was not measured: a curve whose metric no page had is named as missing.
"""
