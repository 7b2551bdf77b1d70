"""The status page: what a fleet does, for people with a browser and for programs.

    source ──Look──▶ views ──▶ HTML, or the same view as JSON

A source says what it knows at one moment (`looks`): `dnsfleet up` does so of its own processes, and
`cluster` of the API server and the core Redis. What is shown of it is decided without I/O.
"""
