"""UPDATE (RFC 2136): from a signed message to a RecordSet, and from there to the reply.

    changes       what the RFC says: prerequisites, and what a message makes of a zone
    rrsets        the zone as messages see it: what is published, and what was accepted since
    ownership     what a key may touch
    batches       which messages are written together, and what is written
    queues        one zone's messages, in order: evaluate, write, wait until it is published
    holdings      what keys have of one zone: read, known and written
    arrivals      whether a change is published, as this gate sees it
    propagations  messages that wait until all edges have them, too
    outcomes      what each message came to, so that a repeated one gets the same
    updates       all of this for a gate
    stores        where RecordSets are kept: at the API server (`cluster`), or in a `folder`
    record_sets   those RecordSets as objects
    leading       which gate of several takes updates

A message is answered with NOERROR when its change is stored in the API server, published, and held
by this gate. So the zone of the next message is what is published: nothing has to be imagined of
what may come of a RecordSet. While a change is on its way the others of its zone wait, and go
together with the next write.
"""
