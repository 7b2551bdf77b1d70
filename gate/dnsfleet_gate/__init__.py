"""The gate: hands whole zones to secondaries, signed by TSIG, and tells them of changes.

    messages     one request, read as far as a gate needs it, and replies
    signing      TSIG: who signed a request, and the signature of what is said to it
    journal      the newest changes of each zone, for IXFR
    answering    what a request gets: a reply, or a transfer, without sockets
    serving      requests over UDP and TCP
    datagrams    a socket of UDP
    places       how many connections, and which one gives way
    notifying    NOTIFY to secondaries, with retries
    exchanges    a question to a secondary, and its reply
    replies      such a reply, read as far as a gate needs it
    open_files   enough of them for all connections
    gate         one process: link, keys, sockets, pages

It follows zones as an edge does (`dnsfleet_following`), and a transfer keeps the version of its
zone that it began with. Edges answer queries and never transfer; a gate transfers, and answers no
other query than that for a SOA.
"""
