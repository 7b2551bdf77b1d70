"""Which serials secondaries have: what gates hear from them, and how they stand by that. Pure."""
