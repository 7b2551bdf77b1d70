"""Why the core does not do what it is asked: what looks, which read, and passes, which write, met.

Either can fail alone: a core whose disk is full answers and takes nothing. Of what one of them met
the first reason stays until it succeeds again: the next ones only say that it is still so.
"""


class Outage:
    """What was met last."""

    def __init__(self) -> None:
        self._look: str | None = None
        self._pass = ""

    def looked(self, error: str) -> bool:
        """A look ended, with an error or, if it is empty, well; whether an outage ends by that."""
        ended = bool(self._look) and not error
        self._look = (self._look or error) if error else ""
        return ended

    def passed(self, error: str) -> None:
        """A pass ended, with an error or, if it is empty, well."""
        self._pass = (self._pass or error) if error else ""

    @property
    def reason(self) -> str | None:
        """Empty for no outage; None where nobody asked yet."""
        return self._pass or self._look
