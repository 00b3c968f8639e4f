"""Sets of problems of the hub, or of local files of the same kind of rows, and two ways to hold problems out."""

from dataclasses import dataclass

from verigrad.tasks.finite import ToProblem, choose, divided, evaluation_set, from_rows
from verigrad.tasks.hub import hub_rows
from verigrad.tasks.rows import read_rows
from verigrad.tasks.types import Split
from verigrad_rewards.types import Problem


@dataclass(frozen=True, slots=True)
class HubSet:
    """A set of problems.

    Attributes:
        name: of the task.
        hub: the data set of the hub.
        config: of the data set; None for its only one.
        test: the hub's split that is measured on; several are joined with ``+``.
        to_problem: reads a row.
    """

    name: str
    hub: str
    config: str | None
    test: str
    to_problem: ToProblem


def load_divided(
    chosen: HubSet,
    split: Split,
    seed: int,
    limit: int | None,
    *,
    path: str | None = None,
    held_out: str | None = None,
    hub: str | None = None,
) -> list[Problem]:
    """Return problems from the local file ``path``, or from the hub's splits.

    The held-out ones are all of the file ``held_out``; without it one in five of ``path`` by question, or the hub's
    test split. There is no out-of-distribution split.
    """
    if split is Split.OOD:
        return []
    source = hub or chosen.hub
    if path is None and held_out is None:
        rows = hub_rows(chosen.name, source, chosen.config, "train" if split is Split.TRAIN else chosen.test)
        problems = from_rows(chosen.name, split, rows, chosen.to_problem)
    else:
        rows = read_rows(path) if path is not None else hub_rows(chosen.name, source, chosen.config, "train")
        problems = divided(chosen.name, split, rows, held_out, chosen.to_problem)
    return choose(problems, split, seed, limit)


def load_held_out(
    chosen: HubSet,
    split: Split,
    seed: int,
    limit: int | None,
    *,
    path: str | None = None,
    train: str | None = None,
    hub: str | None = None,
) -> list[Problem]:
    """Return held-out problems, all rows of ``path`` or of the hub; or those of ``train`` that are not among them.

    There is no out-of-distribution split.

    Raises:
        ProblemError: train problems are asked for and ``train`` is not given, or has none of its own.
    """
    if split is Split.OOD:
        return []
    source = hub or chosen.hub
    rows = read_rows(path) if path is not None else hub_rows(chosen.name, source, chosen.config, chosen.test)
    return choose(evaluation_set(chosen.name, split, rows, train, chosen.to_problem), split, seed, limit)
