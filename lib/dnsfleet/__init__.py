"""The domain library: what a zone, a change and a fleet are, without any input or output.

Nothing here opens a socket or a file, reads a clock or draws a random number: callers hand in
bytes, times and events and get values back. The operator, the edges and the command line share it.
"""
