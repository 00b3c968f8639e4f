"""Name plain values by a hash."""

import hashlib
import json
from typing import Any


def fingerprint(values: Any) -> str:
    """Return a hash of plain values, 24 hexadecimal digits; what JSON cannot hold counts as its text."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:24]
