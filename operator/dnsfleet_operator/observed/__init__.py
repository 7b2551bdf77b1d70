"""What is known of the objects in the cluster, from lists and events. Nothing is written here."""
