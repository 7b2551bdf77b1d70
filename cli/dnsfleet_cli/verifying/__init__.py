"""`dnsfleet verify` and `kubectl dnsfleet verify`: is what the fleet serves what its objects say?

    objects ──┐
    core    ──┤
    replicas ─┼─ gathering ──▶ Look ──▶ comparing ──▶ differences
    acks    ──┤                 ▲
    answers ──┘            questions

`looks` is what each vantage point said, `dnsfleet.zones.questions` chooses what edges are asked
and judges the replies, `comparing` finds what differs: all three are pure. `gathering` reads and
asks, by a `Fleet`, which is one for `dnsfleet up` and another for a cluster. `running` looks again
at what differs, because a fleet that changes differs for a moment all the time, and tells the rest.
"""
