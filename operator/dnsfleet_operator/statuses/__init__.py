"""How far everything has come, and the statuses and Events that tell it."""
