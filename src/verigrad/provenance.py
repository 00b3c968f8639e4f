"""Where numbers come from: versions, commit and time."""

import importlib.metadata
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

from verigrad import __version__

PACKAGES = ("torch", "transformers", "trl", "datasets", "accelerate", "peft", "sympy")


def surroundings() -> dict[str, Any]:
    """Return versions, commit and time."""
    return {
        "verigrad": __version__,
        "commit": commit(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def version(package: str) -> str | None:
    """Return the installed version of a package, None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def commit() -> str | None:
    """Return the git commit of the kit's own source, None outside a checkout."""
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607 - whichever git the user has
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None
