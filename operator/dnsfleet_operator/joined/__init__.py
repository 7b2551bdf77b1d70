"""Role `pop`: one Pop of a core in another cluster, run by what the core signed for it."""
