"""Measure a run before and after training, or one model, on the held-out problems of its recipe."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from verigrad.errors import RunError
from verigrad.evaluate.records import open_records, read_records, sample_key
from verigrad.lines import append_lines
from verigrad.models.load import check_sizes, load_model, load_tokenizer, make_prompter, weights_hash
from verigrad.models.prompt import instructions
from verigrad.models.sample import GREEDY, Decoding, sample_ids
from verigrad.recipe import Recipe, load_recipe
from verigrad.recipe.load import plain
from verigrad.scoring import Scorer, make_scorer
from verigrad.tasks.mix import load_mix, task_of
from verigrad.tasks.types import Split
from verigrad.thinking import think_length
from verigrad.train.folder import surroundings
from verigrad_rewards.types import Problem, Response


@dataclass(frozen=True, slots=True)
class Ask:
    """One response to be sampled."""

    problem: Problem
    split: str
    decode: str
    sample: int
    prompt: tuple[int, ...]
    key: str


def evaluate_run(run: Path, overrides: list[str], say: Callable[[str], None]) -> tuple[Path, Path]:
    """Measure the start model and the trained model of ``run``; returns the two files of records.

    Raises:
        RunError: the run is not there or not finished.
    """
    recipe = load_recipe(run / "recipe.yaml", overrides)
    if not (run / "model").is_dir():
        raise RunError(f"{run}: has no model yet: its training did not finish; train it to the end first")
    before, after = run / "eval" / "before.jsonl", run / "eval" / "after.jsonl"
    evaluate_model(recipe, before, say, "before training")
    evaluate_model(replace(recipe, model=str(run / "model"), from_scratch=False), after, say, "after training")
    return before, after


def evaluate_model(recipe: Recipe, file: Path, say: Callable[[str], None], title: str) -> list[dict[str, Any]]:
    """Measure the model of ``recipe`` into ``file`` and return its records; samples already there are kept."""
    scorer = make_scorer(recipe)
    tokenizer = load_tokenizer(recipe.model)
    model = load_model(recipe.model, seed=recipe.seed, from_scratch=recipe.from_scratch)
    check_sizes(model, tokenizer, recipe.model)
    prompter = make_prompter(recipe, model, tokenizer)
    weights = weights_hash(model)
    asks = list_asks(recipe, prompter, weights)
    header = {
        "model": recipe.model,
        "weights": weights,
        "recipe": plain(recipe),
        "identity": sample_key(weights, plain(recipe)["eval"], [ask.key for ask in asks]),
        **surroundings(),
    }
    done = open_records(file, header)
    todo = [ask for ask in asks if ask.key not in done]
    for start in range(0, len(todo), recipe.eval.batch_size):
        batch = todo[start : start + recipe.eval.batch_size]
        append_lines(file, measure(batch, recipe, model, prompter, scorer))
        say(f"{title}: {len(asks) - len(todo) + start + len(batch)} of {len(asks)} responses")
    return read_records(file)


def list_asks(recipe: Recipe, prompter: Any, weights: str) -> list[Ask]:
    """Return every response that the recipe's evaluation wants, one decoding after the other."""
    texts = instructions(recipe)
    asks = []
    for split, count in ((Split.HELD_OUT, recipe.eval.problems), (Split.OOD, recipe.eval.ood_problems)):
        problems = load_mix(recipe.tasks, split, recipe.seed, count) if count else []
        prompts = [tuple(prompter.token_ids(p, texts[task_of(p)])) for p in problems]
        for decode, samples in (("sampled", recipe.eval.samples), ("greedy", 1)):
            settings = [decode, recipe.eval.temperature, recipe.eval.seed, recipe.max_response_tokens]
            for problem, prompt in zip(problems, prompts, strict=True):
                for k in range(samples):
                    key = sample_key(problem.id, prompt, settings, weights, k)
                    asks.append(Ask(problem, str(split), decode, k, prompt, key))
    return asks


def measure(asks: Sequence[Ask], recipe: Recipe, model: Any, prompter: Any, scorer: Scorer) -> list[dict[str, Any]]:
    """Return the records of ``asks``, in order."""
    responses: dict[str, Response] = {}
    for decode in ("sampled", "greedy"):
        part = [ask for ask in asks if ask.decode == decode]
        temperature = GREEDY if decode == "greedy" else recipe.eval.temperature
        decoding = Decoding(prompter.end_ids, recipe.max_response_tokens, temperature, recipe.eval.batch_size)
        # the same problem meets the same luck before and after, so the weights are not part of the seed
        seeds = [int(sample_key(recipe.eval.seed, ask.problem.id, ask.sample)[:15], 16) for ask in part]
        written = prompter.responses(sample_ids(model, [ask.prompt for ask in part], seeds, decoding))
        responses.update(zip([ask.key for ask in part], written, strict=True))
    return [record(ask, responses[ask.key], scorer, recipe) for ask in asks]


def record(ask: Ask, response: Response, scorer: Scorer, recipe: Recipe) -> dict[str, Any]:
    """Return one line of the records."""
    verdict = scorer.verdict(ask.problem, response)
    return {
        "kind": "sample",
        "key": ask.key,
        "problem": ask.problem.id,
        "task": task_of(ask.problem),
        "split": ask.split,
        "decode": ask.decode,
        "sample": ask.sample,
        "question": ask.problem.question,
        "answer": ask.problem.answer,
        "response": response.text,
        "num_tokens": response.num_tokens,
        "finished": response.finished,
        "format": scorer.keeps_format(ask.problem, response),
        "think_length": think_length(response.text, recipe.format.tags()),
        "status": str(verdict.status),
        "read": verdict.answer,
        "detail": verdict.detail,
    }
