"""The writer: from documents to what is published in the core Redis. It needs no Kubernetes.

    documents ──assembling──▶ zones ──publishing──▶ record store ──▶ core Redis

The operator, `dnsfleet up` and the commands about manifests share it. What reads is elsewhere: the
follower in `dnsfleet.replication`, the edge in `dnsfleet_edge`.
"""
