"""Passes over Pops: which objects a Pop wants, and whether it may be taken out of service."""
