"""Read rows from a data set of the Hugging Face hub."""

from collections.abc import Iterator
from typing import Any

from verigrad_rewards.types import ProblemError


def hub_rows(task: str, hub: str, config: str | None, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``(place, row)`` for every row of the split ``name`` of ``hub``; a ``config`` of None is its only one.

    Raises:
        ProblemError: the data set cannot be had; the message begins with ``task``.
    """
    try:
        from datasets import load_dataset

        rows = load_dataset(hub, config, split=name)
    except ModuleNotFoundError:
        raise ProblemError(f"{task}: reading {hub} needs 'pip install verigrad[train]'; or give options.path") from None
    except Exception as error:  # the classes that datasets, its http client and its parsers raise have no common base
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ProblemError(f"{task}: {hub} cannot be loaded ({reason}); give a local file as options.path") from error
    yield from ((f"{hub} {name} row {i}", dict(row)) for i, row in enumerate(rows))
