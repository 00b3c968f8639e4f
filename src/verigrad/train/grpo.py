"""Group-relative policy optimisation (GRPO, arXiv 2402.03300) on trl's trainer."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from trl import GRPOConfig, GRPOTrainer

from verigrad.archive import write_rollout
from verigrad.errors import RunStoppedError
from verigrad.models.prompt import chat_messages
from verigrad.processes.together import first_said, on_main
from verigrad.recipe.schema import Recipe
from verigrad.train.advantages import ADVANTAGES
from verigrad.train.collect import Collected, Collector
from verigrad.train.config import Schedule
from verigrad.train.measure import Scored, sample_scored, score_all
from verigrad.train.prompts import Prompts
from verigrad.train.reliable import Reliable
from verigrad.train.rollouts import (
    Rollout,
    accuracy,
    archive_order,
    outcomes,
    rollout_row,
    step_metrics,
    unscored_example,
)
from verigrad.train.setup import Setup
from verigrad_rewards.types import Problem

VLLM_S = 3600.0  # for a rollout, which does not tick there

# every private hook of trl 1.16 that is overridden or called, with the parameters it must have
HOOKS = {
    "_generate_and_score_completions": ["self", "inputs"],
    "_generate_single_turn": [
        "self",
        "prompt_ids",
        "images",
        "multimodal_fields",
        "num_generations",
        "has_tool_images",
    ],
    "_calculate_rewards": ["self", "inputs", "prompts", "completions", "completion_ids_list"],
    "_get_per_token_logps_and_entropies": ["self", "model", "input_ids", "attention_mask", "logits_to_keep"],
}


def handed_over(**_: Any) -> list[float | None]:
    """Stand in for trl's reward functions: rollouts come to trl scored."""
    raise AssertionError("trl asked for a reward; _calculate_rewards has moved")


class Trainer(Reliable, GRPOTrainer):
    """trl's trainer, handed finished rollouts: sampled without dropout, scored by workers, refilled, archived."""

    args: GRPOConfig

    def __init__(
        self,
        *,
        setup: Setup,
        recipe: Recipe,
        problems: Sequence[Problem],
        plan: Schedule,
        on_rollout: Callable[[dict[str, Any]], None],
        **kwargs: Any,
    ) -> None:
        super().__init__(reward_funcs=handed_over, **kwargs)
        self.arm(setup, recipe.keep_checkpoints)
        self.recipe, self.problems, self.plan, self.on_rollout = recipe, problems, plan, on_rollout
        self.prompts = Prompts(problems, recipe.seed, recipe.curriculum)
        self.before_rollout: dict[str, Any] | None = None
        self.handed: Collected | None = None
        self.sampler_logps: list[Any] | None = None
        self.collector = Collector(
            problems,
            self.prompts,
            self.sample_scored,
            self.accelerator,
            plan.prompts,
            recipe.group_size,
            recipe.max_refills,
            recipe.seed,
        )

    def sample_scored(self, problems: Sequence[Problem], seeds: Sequence[int]) -> list[Scored]:
        """Return one scored response per problem, at the training temperature.

        Raises:
            RunStoppedError: a model's output is not finite, on any process.
        """
        scored, fault = list[Scored](), None
        try:
            scored = self.sample_alone(problems, seeds)
        except RunStoppedError as error:
            fault = str(error)
        if said := first_said(PartialState(), fault):
            raise RunStoppedError(f"step {self.state.global_step + 1}: {said}")
        return scored

    def sample_alone(self, problems: Sequence[Problem], seeds: Sequence[int]) -> list[Scored]:
        """Return one scored response per problem, from this process."""
        if not self.use_vllm:
            model = self.accelerator.unwrap_model(self.model)
            return sample_scored(self.setup, model, problems, seeds, self.temperature)
        prompts = [self.setup.prompter.token_ids(p, self.setup.instruction(p)) for p in problems]
        with self.setup.watchdog.patient(VLLM_S):
            ids, self.sampler_logps = super()._generate_single_turn(prompts, None, {}, self.num_generations)
        return score_all(self.setup, problems, ids)

    def _generate_single_turn(self, prompt_ids: Any, *_: Any, **__: Any) -> Any:
        setup = self.setup
        rows = {attempt.row: ids for attempt, ids in zip(self.rollout().kept, prompt_ids, strict=True)}
        for row, ids in rows.items():
            problem = self.problems[row]
            if list(ids) != list(setup.prompter.token_ids(problem, setup.instruction(problem))):
                raise RunStoppedError(
                    f"{problem.id}: trl reads its prompt as other tokens than were sampled from; remove what changes "
                    "prompts from grpo"
                )
        return [attempt.scored.ids for attempt in self.rollout().kept], self.sampler_logps

    def _calculate_rewards(self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any) -> Any:
        return self.rollout().rewards.reshape(-1, 1).to(self.accelerator.device)

    def rollout(self) -> Collected:
        """Return the rollout that trl is being handed."""
        if self.handed is None:
            raise AssertionError("trl asked for responses outside _generate_and_score_completions")
        return self.handed

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        number = self._step // self.plan.passes
        self.before_rollout = self.prompts.state()
        self.handed = collected = self.collector.collect(number)
        advantages = ADVANTAGES[self.recipe.advantage](collected.rewards).reshape(-1)
        self.keep(number, collected, advantages)
        setup, rows = self.setup, [attempt.row for attempt in collected.kept]
        messages = [chat_messages(self.problems[i], setup.instruction(self.problems[i])) for i in rows]
        output = super()._generate_and_score_completions([{"prompt": message} for message in messages])
        share = slice(collected.kept[0].place, collected.kept[-1].place + 1)
        output["advantages"] = advantages[share].to(self.accelerator.device)
        if self._step == 0 and self.beta:
            self.require_start_reference(output)
        self.handed = self.before_rollout = self.sampler_logps = None
        return output

    def keep(self, number: int, collected: Collected, advantages: torch.Tensor) -> None:
        """Archive every response of a rollout, report its numbers, and turn the curriculum's dial.

        Raises:
            RunStoppedError: too many responses could not be scored; the state before the rollout is saved.
        """
        mine = [self.row(a, float(advantages[a.place]), kept=True) for a in collected.kept]
        mine += [self.row(a, 0.0, kept=False) for a in collected.replaced]
        rows = sorted(gather_object(mine), key=archive_order)
        step = self.state.global_step + 1
        kept = [row for row in rows if row["kept"]]
        on_main(PartialState(), lambda: write_rollout(self.setup.folder, step, rows))
        if self.accelerator.is_main_process:
            metrics = step_metrics(kept, self.recipe.group_size, self.setup.prompter.tags)
            metrics["unscored"] = sum(row["reward"] is None for row in rows)
            if self.recipe.curriculum:
                metrics["dial"] = self.prompts.dial
            if self.recipe.max_refills:
                metrics |= {"refilled": collected.refilled, "accuracy_sampled": accuracy(rows)}
            self.on_rollout({"rollout": number, **metrics, "sample": kept})
        self.prompts.learn(outcomes(rows, self.prompts.levels))
        self.require_scores(rows)

    def row(self, attempt: Any, advantage: float, kept: bool) -> Rollout:
        """Return one response as the archive keeps it."""
        problem, scored = self.problems[attempt.row], attempt.scored
        formed = self.setup.scorer.keeps_format(problem, scored.response)
        group = attempt.place // self.recipe.group_size
        where = {"group": group, "place": attempt.place, "round": attempt.round, "row": attempt.row, "kept": kept}
        return {**rollout_row(problem, scored, formed), **where, "advantage": advantage}

    def require_scores(self, rows: Sequence[Rollout]) -> None:
        """Save and stop when too large a share of a rollout could not be scored.

        Raises:
            RunStoppedError: with the share and one reason.
        """
        missing = [row for row in rows if row["reward"] is None]
        limit = self.recipe.scoring.max_unscored
        if len(missing) <= limit * len(rows):
            return
        self.save_here()
        raise RunStoppedError(
            f"step {self.state.global_step + 1}: {len(missing)} of {len(rows)} responses could not be scored; allowed "
            f"is a share of {limit:g} (scoring.max_unscored). {unscored_example(missing)}. The run is saved; mend the "
            "reward, and go on with --accept-change rewards"
        )

    def save_here(self) -> None:
        """Save a checkpoint of the state before the rollout in progress, unless there is one."""
        if not self.is_saved(self.state.global_step):
            self._save_checkpoint(self.model, None)

    def kit_state(self) -> dict[str, Any]:
        """Return what is kept beside trl's state: the prompts' counters, trl's entropy controller."""
        entropy = {"entropy_coef": self.entropy_coef, "last_world_entropy": self._last_world_entropy}
        return {
            "prompts": self.before_rollout or self.prompts.state(),
            "entropy": entropy if self.use_adaptive_entropy else None,
        }

    def restore_kit_state(self, state: dict[str, Any]) -> None:
        """Go on from what ``kit_state`` returned."""
        self._step = self.micro_step
        self.prompts.restore(state["prompts"])
        if state["entropy"]:
            self.entropy_coef = state["entropy"]["entropy_coef"]
            self._last_world_entropy = state["entropy"]["last_world_entropy"]

    def moving_reference(self) -> torch.nn.Module | None:
        """Return the reference model if training moves it."""
        return self.accelerator.unwrap_model(self.ref_model) if self.args.sync_ref_model else None

    def require_start_reference(self, output: dict[str, Any], rows: int = 8) -> None:
        """Assert that the reference is the start model: their KL divergence on the first responses is below 1e-6.

        Raises:
            RunStoppedError: it is another model.
        """
        ids, mask = (
            torch.cat([output[f"prompt_{kind}"], output[f"completion_{kind}"]], 1)[:rows] for kind in ("ids", "mask")
        )
        width, weighed = output["completion_ids"].shape[1], output["completion_mask"][:rows]
        policy: Any = self.accelerator.unwrap_model(self.model)
        policy.eval()  # a reference has no dropout
        with torch.no_grad():
            ours, _, _ = self._get_per_token_logps_and_entropies(policy, ids, mask, width)
            with policy.disable_adapter() if self.ref_model is None else contextlib.nullcontext():
                reference = policy if self.ref_model is None else self.ref_model
                theirs, _, _ = self._get_per_token_logps_and_entropies(reference, ids, mask, width)
        policy.train()
        gap = (theirs - ours) * weighed
        kl = float((gap.exp() - gap - 1).sum() / weighed.sum().clamp(min=1))
        wrong = None if kl < 1e-6 else f"{kl:.2g}"
        if said := first_said(PartialState(), wrong):
            raise RunStoppedError(
                f"the reference model is not the start model: their KL divergence before the first step is {said} "
                "nats per token; allowed is below 1e-6"
            )

    def held_out_accuracy(self) -> tuple[float | None, int]:
        """Return accuracy over the quick-check problems, one sample each; every process measures its share."""
        rank, world = self.accelerator.process_index, self.accelerator.num_processes
        mine = list(self.setup.held_out[rank::world])
        seeds = [self.recipe.eval.seed * 1_000_003 + i for i in range(rank, len(self.setup.held_out), world)]
        model = self.accelerator.unwrap_model(self.model)
        scored = sample_scored(self.setup, model, mine, seeds, self.recipe.eval.temperature)
        formed = [self.setup.scorer.keeps_format(p, s.response) for p, s in zip(mine, scored, strict=True)]
        rows = [rollout_row(p, s, f) for p, s, f in zip(mine, scored, formed, strict=True)]
        everyone = gather_object(rows)
        self.require_scores(everyone)
        return accuracy(everyone), sum(row["reward"] is not None for row in everyone)
