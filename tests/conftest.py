"""What holds for all tests."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None)  # a busy one takes longer for an example
settings.load_profile("any machine")
