"""One YAML file into one frozen value: everything a run needs to know."""

from verigrad.recipe.load import load_recipe, write_recipe
from verigrad.recipe.schema import Recipe

__all__ = ["Recipe", "load_recipe", "write_recipe"]
