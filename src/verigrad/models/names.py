"""What the name of a model means: the tiny model of this package, a folder, or an id of the hub."""

from pathlib import Path

from verigrad.errors import RunError

TINY = "verigrad/tiny"
TINY_FOLDER = Path(__file__).parent / "tiny_model"


def looks_local(name: str) -> bool:
    """Whether ``name`` can only be a folder."""
    return name.startswith((".", "/", "~")) or name.count("/") != 1 or (name != TINY and Path(name).parent.is_dir())


def public_name(name: str) -> str:
    """Return the name of a model for others to read; where a folder lies stays private."""
    return name if name == TINY or is_hub_id(name) else "a local model"


def is_hub_id(name: str) -> bool:
    """Whether ``name`` is an id of the hub: neither a folder nor the model of this package."""
    return name != TINY and not looks_local(name) and not Path(name).is_dir()


def resolve(name: str) -> str:
    """Return the folder or hub id that ``name`` means; ``verigrad/tiny`` is the model in this package."""
    if name == TINY:
        return str(TINY_FOLDER)
    folder = Path(name).expanduser()
    if looks_local(name) and not (folder / "config.json").is_file():
        raise RunError(f"model {name!r}: no config.json there; allowed is {TINY}, a folder with a model, or a hub id")
    return str(folder) if folder.is_dir() else name
