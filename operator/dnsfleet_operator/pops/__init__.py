"""Pops: from a Pop to the objects that it consists of. Pure: nothing here talks to the cluster."""
