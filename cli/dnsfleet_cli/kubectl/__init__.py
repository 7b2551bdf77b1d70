"""`kubectl dnsfleet`: what a fleet in a cluster does, and taking a Pop out of service.

`cluster` talks to the API server; everything that decides or formats is pure and beside it. Objects
are plain dicts: what is shown must not depend on whether this version's models accept it.
"""

from collections.abc import Mapping
from typing import Any

Resource = Mapping[str, Any]
"""An object of the API server, as JSON gives it."""
