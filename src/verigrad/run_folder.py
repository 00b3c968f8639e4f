"""What stands in a run folder, for whoever reads one; ``train.folder`` makes it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from verigrad.errors import RunError
from verigrad.recipe.schema import Recipe
from verigrad.recipe.source import read_source


def is_run(folder: Path) -> bool:
    """Whether ``folder`` is that of a run."""
    return (folder / "recipe.yaml").is_file()


def require_run(run: Path) -> None:
    """Refuse a folder that holds no run.

    Raises:
        RunError: with what a run folder has.
    """
    if not is_run(run):
        raise RunError(f"{run}: is no run folder (it has no recipe.yaml); training makes one")


def require_model(run: Path) -> Path:
    """Return the folder of the trained model of a run.

    Raises:
        RunError: ``run`` is no run folder, or its training did not finish.
    """
    require_run(run)
    if not (run / "model").is_dir():
        raise RunError(f"{run}: has no model yet: its training did not finish; train it to the end first")
    return run / "model"


def trained(recipe: Recipe, run: Path) -> Recipe:
    """Return ``recipe`` with the trained model of ``run``.

    Raises:
        RunError: as in ``require_model``.
    """
    return replace(recipe, model=str(require_model(run)), from_scratch=False)


def records_files(folder: Path) -> tuple[Path, Path]:
    """Return where the records of the start model and of the trained model stand in the folder of an evaluation."""
    return folder / "before.jsonl", folder / "after.jsonl"


def read_run(folder: Path) -> dict[str, Any]:
    """Return what ``run.json`` holds.

    Raises:
        RunError: it is damaged.
    """
    try:
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        return {**run, "identity": dict(run["identity"]), "resumed": list(run["resumed"])}
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{folder / 'run.json'}: is damaged, or of another version of the kit ({type(error).__name__}: {error}); "
            "restore it, or choose another output_dir"
        ) from None


def think_tag(run: Path) -> str:
    """Return the name of the tag around the thinking; the run's own version of the kit bound the rest of its recipe."""
    return str(read_source(run / "recipe.yaml", []).values.get("format", {}).get("think_tag", "think"))
