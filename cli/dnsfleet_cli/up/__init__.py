"""`dnsfleet up`: every role of a fleet as processes on this machine, from a cluster's manifests.

This package has the processes, their folders and ports, and the loop from a changed file to an
acknowledged answer. What a zone means, how it is published and how an edge follows it is in the
domain library, the publisher and the edge: the same code that a cluster runs.
"""
