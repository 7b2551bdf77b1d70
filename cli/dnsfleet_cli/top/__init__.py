"""`dnsfleet top` and `kubectl dnsfleet top`: what each Pop does now, in the terminal.

    pages of the edges ──samples──▶ two looks ──figures──▶ rows ──rendering──▶ text

What differs between a fleet on this machine and one in a cluster is who reads the pages: it is in
`up.local_top` and in `kubectl.cluster_top`.
"""
