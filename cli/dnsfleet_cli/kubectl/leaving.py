"""What `kubectl dnsfleet pop leave` tells: what it did, what it did not, and what is next. Pure.

The command reaches only the cluster of the core. What runs in the cluster of the Pop goes on there,
so people are given the commands that end it.
"""

import shlex

KINDS = "daemonset,deployment,service,configmap,poddisruptionbudget,networkpolicy"
"""Of the objects that an operator makes for a Pop."""


def stopped(name: str) -> str:
    """The drain did not come to its end."""
    return (
        f"pop/{name} has not left: it is not deleted, its access goes on, and it is still to be "
        f"drained. To go on: kubectl dnsfleet pop leave {name}, with --timeout for more time. To "
        f"let it stay: kubectl dnsfleet undrain {name}. Its credentials were stolen: add --now"
    )


def not_ended(name: str, seconds: float) -> str:
    """The operator did not end the access."""
    return (
        f"pop/{name} is deleted, and the operator has not ended its access within {seconds:g} s: "
        f"it may reach the core until that is done. See the log of the operator"
    )


def done(name: str, namespace: str, drained: bool) -> str:
    """All that can be done from here is done."""
    runs = (
        "its edges there were drained before; the rest of it runs on"
        if drained
        else "its edges there answer on, with what they have"
    )
    where = f"--namespace {shlex.quote(namespace)}"
    return (
        f"pop/{name} has left: it is deleted here, its user on the core has ended, and with it "
        "all its connections\n"
        f"Its own cluster was not touched: {runs}, until somebody runs there:\n"
        f"helm uninstall dnsfleet {where}\n"
        f"kubectl delete {KINDS} {where} --selector dnsfleet.io/pop={name}\n"
        f"kubectl delete secret dnsfleet-join dnsfleet-keys {where}\n"
        f"kubectl delete pops.dnsfleet.io {name}"
    )
