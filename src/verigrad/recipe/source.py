"""Read a YAML recipe into plain values, remembering the line of every key; refuse duplicates."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from verigrad.errors import RecipeError

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Plain values of a recipe and where each of them was written.

    Attributes:
        values: nested dicts and lists as YAML holds them.
        places: ``file:line`` or ``override`` by key path, such as ``("tasks", "0", "name")``.
        name: the file, for values that no place is known of.
    """

    values: dict[str, Any]
    places: dict[KeyPath, str]
    name: str

    def where(self, path: KeyPath) -> str:
        """Return the place of ``path``, or of the nearest key above it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, self.name)


def read_source(file: Path, overrides: list[str]) -> Source:
    """Return the recipe in ``file`` with ``key.sub=value`` overrides laid over it."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecipeError(f"{file}: no such recipe; recipes that ship with the kit are under recipes/") from None
    except IsADirectoryError:
        raise RecipeError(f"{file}: is a folder; a recipe is a YAML file, such as {file / 'recipe.yaml'}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{file}: cannot be read as a recipe: {error}") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise RecipeError(f"{file}{line}: not YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(node, yaml.MappingNode):
        raise RecipeError(f"{file}: a recipe is a mapping of keys to values, such as 'model: verigrad/tiny'")
    places: dict[KeyPath, str] = {}
    values = plain(node, (), str(file), places)
    for override in overrides:
        apply_override(values, override, places)
    return Source(values, places, str(file))


def plain(node: yaml.Node, path: KeyPath, file: str, places: dict[KeyPath, str]) -> Any:
    """Return the plain value of ``node``, noting the line of every key below it."""
    places.setdefault(path, f"{file}:{node.start_mark.line + 1}")
    if isinstance(node, yaml.SequenceNode):
        return [plain(item, (*path, str(i)), file, places) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return yaml.SafeLoader("").construct_object(node)
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        line = f"{file}:{key_node.start_mark.line + 1}"
        if key in mapping:
            first = places[(*path, key)]
            raise RecipeError(f"{line}: key '{'.'.join((*path, key))}' stands twice, first at {first}; keep one")
        places[(*path, key)] = line
        mapping[key] = plain(value_node, (*path, key), file, places)
    return mapping


def apply_override(values: dict[str, Any], override: str, places: dict[KeyPath, str]) -> None:
    """Lay one ``key.sub=value`` over ``values``; the value is read as YAML."""
    key, equals, text = override.partition("=")
    path = tuple(key.strip().split("."))
    if not equals or not all(path):
        raise RecipeError(f"override {override!r}: write key=value or key.sub=value, such as seed=1")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise RecipeError(f"override {key}: the value is not YAML; quote it") from None
    place: Any = values
    for depth, part in enumerate(path):
        below = index(place, part, key, ".".join(path[:depth]))
        if depth == len(path) - 1:
            place[below] = value
        elif isinstance(place, dict) and place.get(below) is None:
            place[below] = {}
        place = place[below]
    places[path] = f"override {key}"  # without the value, which may be a secret


def index(place: Any, part: str, override: str, above: str) -> Any:
    """Return ``part`` as a key of the mapping or a number into the list ``place``."""
    if isinstance(place, dict):
        return part
    if not isinstance(place, list):
        raise RecipeError(f"override {override}: {above} is a value, it has no keys below it")
    if not part.isdigit() or int(part) >= len(place):
        raise RecipeError(f"override {override}: {above} has items 0 to {len(place) - 1}")
    return int(part)
