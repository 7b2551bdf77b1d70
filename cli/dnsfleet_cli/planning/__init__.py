"""What files would change in a live fleet, before they are applied: for a pull request.

files ──▶ rehearsal (dnsfleet_publisher.rehearsals) ──▶ report ──▶ text, Markdown or JSON
"""
