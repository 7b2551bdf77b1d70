from dnsfleet_edge.main import main

main()
