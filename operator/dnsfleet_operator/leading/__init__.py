"""Who leads, and the work of a leader from the moment when it holds the Lease."""
