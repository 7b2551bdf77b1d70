"""An API server of its own, in memory, for tests and benchmarks of the whole operator process.

    kinds      which kinds there are, and what discovery says of them
    writing    how a write changes an object
    fields     which writer set which field of an object (managedFields)
    storage    all objects of a kind: the pages of a list, and the events of a watch
    cluster    all kinds together: the verbs
    __main__   the verbs over HTTP

It does what kopf and the operator ask of a real one. It has no users, defaults, validation or
finalizers, and nothing runs in it: no Deployment gets pods. `support.api_servers` starts it.
"""
