"""`python -m dnsfleet_cli`: the same as `dnsfleet`."""

from dnsfleet_cli.main import app

app(prog_name="dnsfleet")
