"""Settings that every core and every replica of a fleet has, whoever starts it.

Valkey has one limit for silence, `repl-timeout`, in whole seconds, looked at once a second. Whoever
hears nothing for longer ends the connection, and the replica tries again at once. It is used

    at a replica   while it connects and shakes hands; between two reads of the copy that it is
                   sent; and, when it follows, between two writes or pings of the core
    at a core      since the last word of a replica that follows (it sends one a second)

So it limits silence, never the size of a copy: the core sends a line a second while it prepares
one, and a replica sends one while it loads. A copy comes from a file, so that each replica takes it
at its own pace, however slow (ADR 0041). The usual 60 s are what a replica loses that connects
to the address of a pod that has just ended: nothing there refuses the connection, and the packets
that open it go to that address until it is given up, even when the Service leads elsewhere by then.
"""

REPLICA_SILENCE_SECONDS = 3
"""A replica gives up 3 to 5 s after the last sign, and a core takes a second or two to come back,
so it is followed within 5 s of that; with 4 s one of 20 restarts took 5.1 s. Three pings in a row
may be missed: a link with 5 % loss and 300 ms there and back stays up (in 56 of 56 runs). With
600 ms, where TCP may need more than 3 s to repeat a packet twice, one of four runs gave it up once:
that costs a partial copy of what was missed."""

CORE_SILENCE_SECONDS = 10
"""Longer than a replica's, so that it is the replica that ends a connection; on a lossy link a part
of a copy may take some seconds."""

PING_SECONDS = 1
"""Between two pings of an idle core: the least, a third of what a replica waits for."""

CUT_SECONDS = 600
"""A replica that was cut off for so long gets what it missed, and no whole copy."""

CHANGES_A_SECOND = 50
"""How many changes a fleet may have all that time."""

CHANGE_OCTETS = 4 * 1024
"""Octets that one change puts into the stream of replication: 1300 of its own, and 450 of each edge
or Pop that writes at once that it has it, six of them."""

BACKLOG_OCTETS = 128 * 1024 * 1024
"""Octets of its stream that a core keeps for replicas that were cut off: at least those of
CUT_SECONDS. A core where little changes holds less, for all replicas together."""

REPLICATION_OCTETS = 256 * 1024 * 1024
"""Octets of its stream that a core keeps for replicas that take a copy, or are slow; they share
them, so their number does not matter. A replica that is further behind is sent away, and begins
anew. A copy may take 20 minutes at CHANGES_A_SECOND, and more than half a day at one change a
second. There is no limit of time beside it: a slow link must not lose its copy for being slow."""

LOADING_OCTETS = 64 * 1024
"""Octets of a copy that a replica takes before it answers others again. With the 2 MiB that are
usual, a link of 256 kbit/s would keep its edges waiting for a minute each time."""

MAX_VALUE_OCTETS = 1024 * 1024
"""Octets of a value that a client may write: the least that Valkey allows, and far more than any
value of ours has."""

CLIENTS_OCTETS = 64 * 1024 * 1024
"""Octets that a core holds for all its clients together, replicas not counted: of what they have
sent and not finished, and of answers that they have not taken. Over it the client that holds most
is sent away. It is far more than those of ours hold; without it, one command with a million long
arguments would take all memory, also from a user who may run no command at all."""

EVICTION = "noeviction"
"""What a core does at its limit of memory (maxmemory): it refuses what needs more. To drop what was
used least, as a cache does, would drop zones. A replica has no limit: it has to hold what its core
holds, and what it refused or dropped nobody would send again. Where somebody sets one, Valkey does
not heed it (replica-ignore-maxmemory)."""

LOG = """\
log-format logfmt
log-timestamp-format iso8601
"""
"""Of every server: lines of `key=value`, as all other processes of a fleet write them."""

CORE = f"""\
{LOG}maxmemory-policy {EVICTION}
maxmemory-clients {CLIENTS_OCTETS}
proto-max-bulk-len {MAX_VALUE_OCTETS}
repl-timeout {CORE_SILENCE_SECONDS}
repl-ping-replica-period {PING_SECONDS}
repl-diskless-sync no
repl-backlog-size {BACKLOG_OCTETS}
client-output-buffer-limit replica {REPLICATION_OCTETS} 0 0
"""

REPLICA = f"""\
{LOG}repl-timeout {REPLICA_SILENCE_SECONDS}
replica-serve-stale-data yes
repl-diskless-load swapdb
loading-process-events-interval-bytes {LOADING_OCTETS}
"""
