"""What several tests share: real servers to start, and clients that judge what is answered."""
