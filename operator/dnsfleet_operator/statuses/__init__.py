"""Statuses: from what is known of an object to the status that it should show. Pure."""
