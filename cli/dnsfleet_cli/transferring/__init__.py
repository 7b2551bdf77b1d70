"""`dnsfleet zone import --axfr`: a zone that another server has.

`key_files` reads TSIG keys, `fetching` asks the server, and `importing` is the command. What a
transfer is, `dnsfleet_publisher.transferring` knows.
"""
