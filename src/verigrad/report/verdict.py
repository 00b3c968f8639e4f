"""What the page begins with: what changed, in one sentence, and what it rests on."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from verigrad.evaluate.compare import Comparison, direction, part_of, verdict
from verigrad.evaluate.metrics import ALL
from verigrad.evaluate.plan import SAMPLED
from verigrad.evaluate.records import Records
from verigrad.report.gather import Run, section
from verigrad.report.html import bullets, joined, paragraph, tag
from verigrad.report.text import amount, arrow, average, clean, listed, name
from verigrad.tasks.types import Split


def opening(run: Run) -> Markup:
    """Return the verdict, what it was measured with, and what was not measured or not read."""
    gaps = [clean(text, 600) for text in [*not_measured(run), *unfinished(run), *run.damage]]
    return joined([sentence(run), setting(run), aside(gaps)])


def aside(gaps: Sequence[object]) -> Markup:
    """Return what to keep in mind, nothing where there is nothing."""
    return tag("aside", tag("b", "Keep in mind"), bullets(gaps), class_="gaps") if gaps else Markup("")


def sentence(run: Run) -> Markup:
    """Return the verdict on sampled responses to held-out problems, or why there is none."""
    found, reason = run.compared
    part = part_of(found, Split.HELD_OUT, SAMPLED)
    if part is None:
        return paragraph(clean(reason or "Not measured on held-out problems with sampling.", 600), "verdict open")
    return coloured(part, verdict(part))


def coloured(part: Comparison, text: str) -> Markup:
    """Return a verdict with its first words set apart."""
    first, colon, rest = clean(text, 600).partition(":")
    return tag("p", tag("strong", first), colon, rest, class_=f"verdict {direction(part)}")


def setting(run: Run) -> Markup:
    """Return what the verdict rests on: model, problems, samples, seed."""
    side = run.after or run.before
    facts = [("model", name(run.recipe.get("model", "unknown"))), ("training", training(run))]
    if side is not None:
        facts += decoding_facts(side)
    start, end = (run.summary(side, Split.HELD_OUT, SAMPLED) for side in ("before", "after"))
    if start and end:
        facts.append(
            ("thinking per response", f"{arrow(average(start.think_tokens), average(end.think_tokens))} tokens")
        )
    return tag("dl", *(tag("div", tag("dt", key), tag("dd", value)) for key, value in facts), class_="facts")


def training(run: Run) -> str:
    """Return what the training was."""
    control = ", a random-reward control" if run.recipe.get("control") == "random" else ""
    return clean(f"{run.stage}, {amount(run.steps)} steps{control}")


def decoding_facts(side: Records) -> list[tuple[str, object]]:
    """Return how many problems were asked how often, and how."""
    facts: list[tuple[str, object]] = []
    problems = {s.problem for s in side.samples if s.split == Split.HELD_OUT}
    facts.append(("held-out problems", amount(len(problems))))
    how = decoding(side, SAMPLED)
    facts.append(("samples per problem", amounts(how, "samples")))
    facts.append(("temperature, seed", f"{amounts(how, 'temperature')}, {amounts(how, 'seed')}"))
    facts.append(("token limit", amounts(how, "max_tokens")))
    return facts


def decoding(side: Records, decode: str) -> Mapping[str, Any]:
    """Return the settings of one decoding."""
    return section(section(side.measured, "decodings"), decode)


def amounts(values: Mapping[str, Any], key: str) -> str:
    """Return a setting."""
    return clean(values[key]) if values.get(key) is not None else "not recorded"


def not_measured(run: Run) -> list[str]:
    """Return sentences on what the evaluation leaves open."""
    sides = {side: found for side in ("before", "after") if (found := getattr(run, side)) is not None}
    if not sides:
        return []
    notes = [
        f"The measurement {side} training is not complete: {found.missing:,} of {found.measured['samples']:,} "
        "responses are missing; what this page shows of it is what is there so far."
        for side, found in sides.items()
        if found.missing > 0
    ]
    return notes + missing_kinds(list(sides.values())) + unscored(run)


def missing_kinds(sides: Sequence[Records]) -> list[str]:
    """Return sentences on splits and decodings that the evaluation did not ask for."""
    decodings = {name for side in sides for name in section(side.measured, "decodings")}
    splits = {s.split for side in sides for s in side.samples}
    out = {
        "out-of-distribution problems": Split.OOD not in splits,
        "greedy decoding": "greedy" not in decodings,
        "thinking budgets": not any(name.startswith("think-") for name in decodings),
    }
    missing = [what for what, is_out in out.items() if is_out]
    notes = [f"Not measured: {listed(missing)}; the recipe's evaluation did not ask for it."] if missing else []
    if all(decoding(side, SAMPLED).get("samples") == 1 for side in sides):
        notes.append("One sample per problem, so pass@k, pass^k and majority voting for k above 1 are not known.")
    return notes


def unscored(run: Run) -> list[str]:
    """Return a sentence on responses that our side failed to score."""
    counts = {
        side: sum(s.unscored for s in found if s.task == ALL and s.level is None) for side, found in run.numbers.items()
    }
    said = [f"{count:,} {side} training" for side, count in counts.items() if count]
    return [f"Responses that could not be scored, and are in no accuracy: {listed(said)}."] if said else []


def unfinished(run: Run) -> list[str]:
    """Return a sentence on a training that did not end."""
    if run.finished:
        return []
    planned = run.recipe.get("max_steps") if run.stage == "grpo" else None
    goal = f" of {planned}" if planned else ""
    return [f"Training has not finished: the folder has {run.steps}{goal} steps and no model yet."]
