"""`python -m dnsfleet_probe`."""

from dnsfleet_probe.main import main

main()
