"""What the roles share that talk to the API server: its calls, and the Lease by which one leads."""
