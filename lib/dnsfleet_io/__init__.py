"""Input and output that the roles share: pages over HTTP, clients of Redis, lines of a log.

It stands beside the domain library, and neither imports the other: there are no zones here, and no
sockets there. What only one role needs stays in that role.
"""
