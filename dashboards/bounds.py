"""Where a panel turns red: the numbers in the rules of the alerts."""

import re

from dnsfleet_cli.up import observing

_RULES = {
    rule["alert"]: rule["expr"]
    for group in observing.shipped_rules()["groups"]
    for rule in group["rules"]
}


def of(alert: str, pattern: str = r"> ([\d.]+)") -> float:
    """The number in the rule of an alert that the first match of `pattern` has in its group."""
    found = re.search(pattern, _RULES[alert])
    if found is None:
        raise ValueError(f"the rule of {alert} has nothing like {pattern}; change the pattern")
    return float(found[1])


LAG_SECONDS = of("DnsfleetReplicationStale")
SERVFAIL_SHARE = of("DnsfleetEdgeServfailRatio")
LIMITED_SHARE = of("DnsfleetRateLimitSurge")
IMBALANCE = of("DnsfleetShardImbalance", r"\) > ([1-9][\d.]*)")
LATENCY_SECONDS = of("DnsfleetLatencyHigh")
DROPPED_SHARE = of("DnsfleetReceiveDrops")
SNAPSHOT_SECONDS = of("DnsfleetSnapshotTooOld")
CORE_MEMORY_SHARE = of("DnsfleetCoreMemoryLow", r"> (0\.\d+)")
PROPAGATION_SECONDS = of("DnsfleetPropagationSlow", r'le="([\d.]+)"')
PASS_SECONDS = of("DnsfleetOperatorStalled", r"> (\d+),")
CERTIFICATE_SECONDS = of("DnsfleetCertificateExpiresSoon", r"< (\d+) \* 86400") * 86400
DISAGREEING_SHARE = of("DnsfleetProbeDisagreement")
SECONDARY_SECONDS = of("DnsfleetSecondaryBehind")
