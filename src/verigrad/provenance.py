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
    """Return versions, commit, whether the checkout has other changes, and time."""
    return {
        "verigrad": __version__,
        "commit": git("rev-parse", "HEAD"),
        "dirty": bool(git("status", "--porcelain")),
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


def git(*arguments: str) -> str | None:
    """Return what git says of the kit's own source, None where it says nothing, as outside a checkout."""
    done = subprocess.run(  # noqa: S603 - the arguments are the kit's own
        ["git", *arguments],  # noqa: S607 - whichever git the user has
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None
