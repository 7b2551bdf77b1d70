"""How often the clients of this process wait for Redis."""


class Trips:
    """Round trips of all clients of this process: each sends what it asks in one piece."""

    def __init__(self) -> None:
        self.sent = 0

    def taken(self) -> int:
        """How many since the last call."""
        taken, self.sent = self.sent, 0
        return taken
