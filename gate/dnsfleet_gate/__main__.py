"""`python -m dnsfleet_gate`: as the command `dnsfleet-gate`."""

from dnsfleet_gate.main import main

main()
