"""`python -m dnsfleet_cli.kubectl`: the same as `kubectl-dnsfleet`."""

from dnsfleet_cli.kubectl.main import app

app(prog_name="kubectl-dnsfleet")
