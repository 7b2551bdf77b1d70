"""Passes over zones: from the objects that are known to what the core publishes.

How a zone is built and published is in `dnsfleet_publisher`; here is what only a cluster has:
deletions, RecordSets that are gone, orphans, downloads.
"""
