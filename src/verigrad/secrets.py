"""Secrets of the environment, such as hub tokens and API keys, which no file and no message of the kit shows."""

import json
import os
import re

NAME = re.compile(r"(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|KEY|API_?KEY|CREDENTIALS?)(_|$)", re.IGNORECASE)
SHORTEST = 8  # shorter values are switches and counts


def secrets() -> dict[str, str]:
    """Return the variables of the environment that hold secrets."""
    return {k: v for k, v in os.environ.items() if NAME.search(k) and len(v) >= SHORTEST and not v.startswith("/")}


def masked(text: str) -> str:
    """Return ``text`` with every secret in it masked, as it is or as JSON writes it."""
    for secret in sorted(secrets().values(), key=len, reverse=True):
        text = text.replace(secret, "***").replace(json.dumps(secret)[1:-1], "***")
    return text
