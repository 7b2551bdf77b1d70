"""The Secrets that the operator makes and keeps: the keys of the fleet, and the cookie secrets."""
