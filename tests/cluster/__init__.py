"""Real Kubernetes clusters on one machine without Docker: its modules and how they fit together.

    builds      the programs of a cluster, compiled from Go modules and kept in a cache
    networks    the addresses of each cluster and node
    links       the way between two nodes, which can be cut
    namespaces  one node = one network, mount, PID and UTS namespace; processes inside; teardown
    certificates  the CA and each daemon's certificate
    settings    command lines and configuration files of the daemons of every node
    control_plane  the same of those that only the first node has
    forwarding  the API server's port on this machine's loopback
    images      the project's images and those of the node, built with buildah
    clusters    all of it together: up, down, a second node

`python -m cluster up|down|images` is what `make cluster-up`, `cluster-down` and `images` run.
Tests take the `cluster` fixture of tests/e2e/conftest.py. Everything here needs root.
"""
