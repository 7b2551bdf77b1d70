"""What several tests share: real servers to start, and clients that check the answers."""
