"""The webhook provider of ExternalDNS: Services and Ingresses of a cluster become RecordSets.

    ExternalDNS ──HTTP on the loopback──▶ webhook ──server-side apply──▶ RecordSets ──▶ operator

Each RRset is one RecordSet, in the namespace of its Zone. RecordSets are owned by age and refused
as a whole, so one of many RRsets would let one name in dispute hold back all others, and would
take a name from a younger owner when it is added to an old object. One for each RRset has the age
of its own claim.

What is decided needs no I/O: `targets` and `record_sets` say how an endpoint is written,
`admission` whether it may be, `plans` what to write. `cluster` asks the API server, `provider` has
the four operations of the protocol, `app` answers them over HTTP.
"""
