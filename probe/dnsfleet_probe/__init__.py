"""The prober: asks the public addresses of Pops from its own place, and compares.

What there is to ask, and what is to be answered, comes as the probe list by the replica of its Pop
(see `dnsfleet.probing`). It needs no Kubernetes.
"""
