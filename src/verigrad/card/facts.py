"""What a card says of a run besides its numbers, in plain sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from verigrad.card.markdown import block
from verigrad.evaluate.metrics import ALL, Summary
from verigrad.models.names import public_name
from verigrad.recipe import Recipe
from verigrad.tasks.mix import find_task
from verigrad.tasks.types import SPLIT_NAMES

METHODS = {
    "grpo": "reinforcement learning with verifiable rewards (GRPO)",
    "sft": "supervised training on worked solutions",
}
AGAIN = "runs/again"


def what(recipe: Recipe, run: Mapping[str, Any]) -> str:
    """Return what the model is, in one or two sentences."""
    base = public_name(recipe.model)
    start = f"the architecture of {base} with random weights" if recipe.from_scratch else base
    tasks = ", ".join(find_task(use.name).name for use in recipe.tasks)
    size = f" of {run['parameters']:,} parameters" if isinstance(run.get("parameters"), int) else ""
    control = " Its reward was a coin flip: it is a control, not a model to use." if recipe.control == "random" else ""
    return f"A language model{size}: {start}, trained by {METHODS[recipe.stage]} on {tasks}.{control}"


def recipe_facts(recipe: Recipe, run: Mapping[str, Any]) -> list[str]:
    """Return the settings that a reader looks for first."""
    tags = f"thinking in <{recipe.format.think_tag}>, the answer in <{recipe.format.answer_tag}>"
    shaping = ", ".join(f"{use.name} {use.weight:g}" for use in recipe.shaping) or "none"
    steps = (
        f"{recipe.max_steps} steps of {recipe.prompts_per_step} problems with {recipe.group_size} responses each, "
        f"advantage {recipe.advantage}; reward for form beside correctness, which weighs 1: {shaping}"
        if recipe.stage == "grpo"
        else f"{sum(p.steps for p in recipe.phases)} steps of {recipe.sequences_per_step} worked solutions"
    )
    trained = f"LoRA adapter of rank {recipe.lora.rank}, merged" if recipe.lora else "all weights"
    rate = (recipe.grpo if recipe.stage == "grpo" else recipe.sft).get("learning_rate", "the default of trl")
    facts = [
        steps,
        f"{trained}, learning rate {rate}, seed {recipe.seed}",
        f"{tags}; responses of up to {recipe.max_response_tokens} tokens",
    ]
    return [*facts, *interruptions(run)]


def interruptions(run: Mapping[str, Any]) -> list[str]:
    """Return how often the run was gone on with, and what changed then."""
    resumed = run["resumed"]
    if not resumed:
        return []
    changed = sorted({key for start in resumed for key in start.get("accepted_changes", {})})
    times = "once" if len(resumed) == 1 else f"{len(resumed)} times"
    return [f"resumed {times}; changed then: {', '.join(changed) or 'nothing'}"]


def each(samples: int) -> str:
    """Return how many responses a problem has."""
    return f"{samples} {'response' if samples == 1 else 'responses'} per problem"


def decoding_lines(measured: Mapping[str, Any]) -> list[str]:
    """Return how the responses of each decoding were written."""
    lines = []
    for name, d in measured["decodings"].items():
        ended = d.get("max_think_tokens")
        budget = f", thinking ended after {ended}" if ended is not None else ""
        lines.append(
            f"{name}: temperature {d['temperature']:g}, top-p {d.get('top_p', 1.0):g}, {each(d['samples'])}, "
            f"up to {d['max_tokens']} tokens{budget}, seed {d['seed']}; by {measured['sampler']}"
        )
    return lines


def commands(run: Mapping[str, Any], header: Mapping[str, Any]) -> Markup:
    """Return what to type to get the same again, and what was typed."""
    made_by = header.get("made_by", {})
    return block(
        f"pip install 'verigrad[train]=={header['measured']['verigrad']}'\n"
        f"verigrad train recipe.yaml output_dir={AGAIN}   # the whole recipe above\n"
        f"verigrad eval {AGAIN}\n"
        "# this model was made by\n"
        f"#   {one_line(run.get('command'))}\n"
        f"#   {one_line(made_by.get('command'))}",
        "bash",
    )


def one_line(text: object) -> str:
    """Return a command on one line, so that no part of it leaves its comment."""
    return " ".join(str(text or "an unknown command").split())


def versions(run: Mapping[str, Any], header: Mapping[str, Any]) -> str:
    """Return with which versions the model was made and measured."""
    return f"Trained with {software(run)}. Measured with {software(header.get('made_by', {}))}."


def software(facts: Mapping[str, Any]) -> str:
    """Return versions, commit and device that were written down."""
    commit = f"commit {facts.get('commit') or 'unknown'}" + (" with local changes" if facts.get("dirty") else "")
    packages = [f"{name} {version}" for name, version in facts.get("packages", {}).items() if version]
    device = [f"on {facts['device']}"] if facts.get("device") else []
    return ", ".join([commit, f"Python {facts.get('python', 'unknown')}", *packages, *device])


def limits(recipe: Recipe, lines: Sequence[Summary], measured: Mapping[str, Any]) -> list[str]:
    """Return what the records say against their own numbers."""
    whole = [line for line in lines if line.task == ALL and line.level is None]
    found = [
        f"{line.truncation_rate:.1%} of the responses to {SPLIT_NAMES[line.split]} problems ({line.decode}) were cut "
        "at the budget of tokens; an answer that was cut off counts as none."
        for line in whole
        if line.truncation_rate
    ]
    if unscored := sum(line.unscored for line in whole):
        found.append(f"{unscored} responses could not be scored and are in no number.")
    if recipe.control == "random":
        found.append("It was trained on a random reward.")
    if not measured.get("weights"):
        found.append("An endpoint was measured: the records do not show that it had these weights.")
    return found
