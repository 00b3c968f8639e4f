"""The run folder: begun once, gone on with after an interruption, never overwritten, and it explains itself."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from verigrad.disk import locked, save_json
from verigrad.errors import RecipeError, RunError
from verigrad.provenance import surroundings
from verigrad.recipe import Recipe, write_recipe
from verigrad.recipe.load import plain
from verigrad.run_folder import read_run
from verigrad.secrets import masked, secrets
from verigrad.train.identity import BESIDE_RECIPE, Identity, changes, flatten, recipe_keys, settle, shown

LOCK = ".lock"
BEGUN = {LOCK, ".run.json.unfinished"}  # all that a start which was killed at once leaves


def is_finished(recipe: Recipe, folder: Path, accepted: Sequence[str] = ()) -> bool:
    """Whether ``folder`` holds the finished run of ``recipe``, to which ``resume: auto`` has nothing to add.

    A finished run goes on, such as to more steps, where every change is accepted.

    Raises:
        RunError: the folder is there and is no run, or another one, or the recipe never resumes.
    """
    if not folder.exists() or (folder.is_dir() and {f.name for f in folder.iterdir()} <= BEGUN):
        return False
    if recipe.resume == "never" or not (folder / "run.json").is_file():
        what = "and resume is never" if recipe.resume == "never" else "and holds no run (no run.json)"
        raise RunError(f"output_dir {folder}: exists, {what}; choose another with output_dir=…, or remove it")
    if not (folder / "model").is_dir():
        return False
    then, now = read_run(folder)["identity"], recipe_keys(recipe)
    found = changes({k: v for k, v in then.items() if k not in BESIDE_RECIPE}, now)
    refused = [key for key in found if key not in accepted]
    if refused:
        old, new = found[refused[0]]
        raise RunError(
            f"output_dir {folder}: is a finished run with {refused[0]} {shown(old)}, which is {shown(new)} now; choose "
            "another with output_dir=…, or go on with it with --accept-change"
        )
    return not found


def begin(recipe: Recipe, folder: Path, facts: Mapping[str, Any], identity: Identity, accepted: Sequence[str]) -> None:
    """Make the folder of a run, or check that it is the one that was interrupted.

    Args:
        recipe: resolved; it is written into a new folder.
        folder: of the run.
        facts: about this start, such as the command.
        identity: what the run is made of.
        accepted: keys of it that may have changed.

    Raises:
        RunError: the folder cannot be made, or something changed that nobody accepted.
        RecipeError: an accepted key has not changed.
    """
    file = folder / "run.json"
    if file.is_file():
        run = read_run(folder)
        changed = settle(folder, run["identity"], identity, accepted)
        start = {**facts, "accepted_changes": changed, **surroundings()}
        save_json(file, without_secrets({**run, "identity": identity, "resumed": [*run["resumed"], start]}))
        write_recipe(recipe, folder / "recipe.yaml")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"output_dir {folder}: cannot be made: {error.strerror}") from None
    save_json(file, without_secrets({**facts, **surroundings(), "identity": identity, "resumed": []}))
    write_recipe(recipe, folder / "recipe.yaml")


def refuse_secrets(recipe: Recipe) -> None:
    """Refuse a recipe that holds a secret, for a run folder keeps its recipe.

    Raises:
        RecipeError: with the key and the variable, without the value.
    """
    for key, value in flatten(plain(recipe)).items():
        for variable, secret in secrets().items():
            if isinstance(value, str) and secret in value:
                raise RecipeError(
                    f"{key}: holds the value of {variable}, and a run folder keeps its recipe; leave it in the "
                    "environment"
                )


def lock(folder: Path) -> IO[str]:
    """Return the open lock of a run; while it is open no other process trains in ``folder``.

    Raises:
        RunError: another one does.
    """
    busy = "another process is training in it; wait for it, stop it, or choose another"
    return locked(folder / LOCK, f"output_dir {folder}", busy)


def without_secrets(values: Any) -> Any:
    """Return plain values with the value of every secret of the environment masked, wherever it occurs."""
    return json.loads(masked(json.dumps(values)))
