"""Follows one change of a zone by what the processes of a fleet logged of it.

    logs ──following──▶ Trace ──report──▶ text

Where the logs come from differs: `kubectl.pod_logs` reads them of pods, `up.tracing` from files.
"""
