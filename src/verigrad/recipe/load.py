"""Load a recipe from its file, with overrides, and write the resolved recipe beside a run."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from verigrad.recipe.bind import bind
from verigrad.recipe.schema import Recipe
from verigrad.recipe.source import read_source


def load_recipe(file: str | Path, overrides: list[str] | None = None) -> Recipe:
    """Return the recipe in ``file`` with ``key.sub=value`` overrides laid over it.

    Raises:
        RecipeError: the first thing that is wrong, in one line.
    """
    return bind(Recipe, read_source(Path(file), overrides or []))


def plain(value: Any) -> Any:
    """Return ``value`` with dataclasses and tuples turned into dicts and lists, as YAML holds them."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def write_recipe(recipe: Recipe, file: Path) -> None:
    """Write ``recipe`` with every default spelled out; loading the file gives the same recipe."""
    file.write_text(yaml.safe_dump(plain(recipe), sort_keys=False, allow_unicode=True), encoding="utf-8")
