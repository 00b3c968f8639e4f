"""The run folder: made once, never overwritten, and it explains itself."""

import importlib.metadata
import json
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

from verigrad import __version__
from verigrad.errors import RunError
from verigrad.recipe import Recipe, write_recipe

PACKAGES = ("torch", "transformers", "trl", "datasets", "accelerate", "peft", "sympy")


def make_folder(recipe: Recipe, command: str) -> Path:
    """Return the new folder of a run, with the resolved recipe and what it runs on.

    Raises:
        RunError: the folder exists; nothing in it is touched.
    """
    folder = Path(recipe.output_dir).expanduser()
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise RunError(
            f"output_dir {folder}: exists, and a run is never overwritten; choose another with output_dir=…, or "
            "remove it"
        ) from None
    except OSError as error:
        raise RunError(f"output_dir {folder}: cannot be made: {error.strerror}") from None
    write_recipe(recipe, folder / "recipe.yaml")
    save_json(folder / "run.json", {"command": command, "seed": recipe.seed, **surroundings()})
    return folder


def save_json(file: Path, values: dict[str, Any]) -> None:
    """Write ``values`` to ``file``."""
    file.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


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
