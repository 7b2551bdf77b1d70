"""The status page: what a fleet does, for people with a browser and for programs.

    fleet ──Look──▶ views ──▶ HTML, or the same view as JSON

A Look is what is known of a fleet at one moment. `dnsfleet up` makes Looks of its processes, and
`cluster_looks` of the API server and the core Redis. What is shown of one is decided without I/O.
"""
