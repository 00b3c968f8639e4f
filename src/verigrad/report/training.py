"""How the training went, step by step."""

from collections.abc import Sequence

from markupsafe import Markup

from verigrad.archive import rollout_steps
from verigrad.evaluate.stats import wilson
from verigrad.lines import Row
from verigrad.report.charts import Curve, chart
from verigrad.report.gather import Run, is_number, section
from verigrad.report.html import Section, paragraph, tag
from verigrad.report.parts import CORRECTNESS, part_weights, reward_parts
from verigrad.report.scale import Point
from verigrad.report.text import clean, duration

MOST_CURVES = 8
# key of metrics.jsonl, title, unit of the vertical axis
SINGLE = (
    ("no_signal", "Groups without signal", "% of groups"),
    ("think_length", "Thinking per response", "characters"),
    ("tokens", "Tokens per response", "tokens"),
    ("entropy", "Entropy", "nats per token"),
    ("kl", "Divergence from the start model", "KL, nats per token"),
    ("loss", "Loss", "loss"),
    ("mean_token_accuracy", "Tokens guessed right", "% of tokens"),
    ("grad_norm", "Length of the gradient", "norm"),
    ("seconds", "Time per step", "seconds"),
)


def training(run: Run) -> Section | None:
    """Return the training curves, None where no step was recorded."""
    if not run.metrics and not rollout_steps(run.folder):
        return None
    lead = [
        chart("Accuracy in training and on held-out problems", accuracy(run), y="% right", wide=True, note=checks(run)),
        chart("Training accuracy by task", by_task(run.metrics), y="% right", wide=True),
    ]
    small = [rewards(run), single(run.metrics, *SINGLE[0]), form(run.metrics)]
    small += [single(run.metrics, *what) for what in SINGLE[1:]]
    figures = [tag("div", *filter(None, lead), class_="two"), tag("div", *filter(None, small), class_="three")]
    return Section("training", "How the training went", [paragraph(course(run), "dim"), *figures])


def course(run: Run) -> str:
    """Return the course of the training in words."""
    seconds = [value for _, value in series(run.metrics, "seconds")]
    words = [f"{run.metrics[-1]['step'] if run.metrics else 0} steps"]
    if seconds:
        words.append(f"{duration(sum(seconds))} of training")
    resumed = run.facts.get("resumed")
    if isinstance(resumed, Sequence) and resumed:
        words.append(f"interrupted and gone on with {len(resumed)} times")
    return clean(f"{', '.join(words)}. {start_model(run)}", 600)


def start_model(run: Run) -> str:
    """Return what the start model did before the first step."""
    found = {key: value for key, value in (run.preflight or {}).items() if is_number(value)}
    rates = ("format", "pass@1", "groups_without_signal", "truncated")
    said = [f"{key.replace('_', ' ')} {100 * found[key]:.0f} %" for key in rates if key in found]
    return f"Before the first step, on training problems: {', '.join(said)}." if said else ""


def series(metrics: Sequence[Row], key: str) -> list[Point]:
    """Return the points of one number where it was recorded."""
    return [(row["step"], row[key]) for row in metrics if is_number(row.get(key))]


def single(metrics: Sequence[Row], key: str, title: str, unit: str) -> Markup:
    """Return the chart of one number."""
    return chart(title, [Curve(title, "c0", series(metrics, key))], y=unit)


def accuracy(run: Run) -> list[Curve]:
    """Return training accuracy, and the held-out checks with Wilson's interval."""
    return [Curve("training", "before", series(run.metrics, "accuracy")), held_out_curve(run, "held out", "after")]


def held_out_curve(run: Run, name: str, style: str) -> Curve:
    """Return the held-out checks of a run."""
    found = series(run.metrics, "held_out_accuracy")
    sizes = dict(series(run.metrics, "held_out_problems"))
    band = []
    for step, value in found:
        n = int(sizes.get(step, 0))
        if n > 0 and 0 <= value <= 1:
            interval = wilson(round(value * n), n)
            band.append((step, interval.low, interval.high))
    return Curve(name, style, found, band, dots=len(found) <= 40)


def checks(run: Run) -> str:
    """Return what the held-out checks are."""
    sizes = {int(n) for _, n in series(run.metrics, "held_out_problems")}
    if not sizes:
        return "Held-out accuracy was not checked during this training."
    n = f"{min(sizes)}" if len(sizes) == 1 else f"{min(sizes)} to {max(sizes)}"
    return (
        f"Held-out checks are quick ones, on {n} problems with one sample each; the band is their 95 % interval "
        "(Wilson). Training accuracy is on the problems of the step, which change."
    )


def by_task(metrics: Sequence[Row]) -> list[Curve]:
    """Return training accuracy of each task, where there are several."""
    tasks = sorted({task for row in metrics for task in section(row, "accuracy_by_task")})
    if len(tasks) < 2:
        return []
    return [Curve(task, f"c{i} d{i}", task_points(metrics, task)) for i, task in enumerate(tasks[:MOST_CURVES])]


def task_points(metrics: Sequence[Row], task: str) -> list[Point]:
    """Return training accuracy of one task."""
    found = [(row["step"], section(row, "accuracy_by_task").get(task)) for row in metrics]
    return [(step, value) for step, value in found if value is not None and is_number(value)]


def rewards(run: Run) -> Markup:
    """Return the reward and its parts."""
    found, weights = reward_parts(run.folder, run.recipe), part_weights(run.recipe)
    notes = []
    if run.recipe.get("control") == "random":
        notes.append("A random-reward control: the reward is a coin flip; its parts are shown, but paid nothing.")
    if found.read < found.steps:
        notes.append(f"The parts are from {found.read} of {found.steps} rollouts, evenly spread.")
    if found.damaged:
        notes.append(f"{found.damaged} rollouts are damaged and left out.")
    curves = [Curve("reward", "c0", series(run.metrics, "reward"))]
    for i, (part, values) in enumerate(list(found.points.items())[: MOST_CURVES - 1], 1):
        weight = "" if part == CORRECTNESS else f" × {weights.get(part, 1.0):g}"
        curves.append(Curve(part + weight, f"c{i} d{i}", values))
    return chart("Reward and its parts", curves, y="reward per response", note=" ".join(notes))


def form(metrics: Sequence[Row]) -> Markup:
    """Return what became of the form of responses."""
    keys = (("truncated", "cut at the limit"), ("format", "format kept"), ("repetition", "ends in a loop"))
    curves = [Curve(title, f"c{i} d{i}", series(metrics, key)) for i, (key, title) in enumerate(keys)]
    return chart("Form of the responses", curves, y="% of responses")
