"""What the kit takes for granted about the insides of trl and transformers; a failure here says what has moved."""

import contextlib
import inspect
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
import trl
from transformers import PrinterCallback, Qwen2Config
from trl.trainer import grpo_trainer
from trl.trainer.utils import get_config_model_id

from verigrad.processes.watchdog import Watchdog
from verigrad.recipe import load_recipe
from verigrad.train import grpo, reinforce
from verigrad.train.advantages import ADVANTAGES
from verigrad.train.reliable import Reliable
from verigrad.train.setup import make_setup
from verigrad_rewards.pool import Pool

ROOT = Path(__file__).parents[2]
# hooks of transformers that Reliable overrides, with the parameters they must have
TRANSFORMERS_HOOKS = {
    "_get_grad_norm": ["self", "model", "grad_norm"],
    "_save_checkpoint": ["self", "model", "trial"],
    "_load_rng_state": ["self", "checkpoint"],
    "_load_scaler": ["self", "checkpoint"],
    "_load_optimizer_and_scheduler": ["self", "checkpoint"],
    "compute_loss": ["self", "model", "inputs"],
    "training_step": ["self", "model", "inputs", "num_items_in_batch"],
}
# what the kit reads or sets on trl's trainer beside the hooks
ATTRIBUTES = (
    "_step", "beta", "entropy_coef", "_last_world_entropy", "use_adaptive_entropy", "temperature", "num_generations",
    "use_vllm", "_get_learning_rate", "ref_model",
)  # fmt: skip


@pytest.fixture(scope="module")
def setups(tmp_path_factory):
    """Return a function that makes what a trainer is made from: recipe, loaded run, problems, plan."""
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(Pool(1))

        def make(*more):
            folder = tmp_path_factory.mktemp("hooks") / "run"
            folder.mkdir()
            recipe = load_recipe(
                ROOT / "recipes/tiny/grpo.yaml",
                [f"output_dir={folder}", "max_steps=2", "prompts_per_step=2", "group_size=4", "max_response_tokens=20",
                 "eval.every=0", "tasks=[{name: chain_sum, options: {difficulty: [3, 6]}}]", *more],
            )  # fmt: skip
            planned = reinforce.plan(recipe, 1)
            problems = reinforce.load_problems(recipe, planned)
            watchdog = Watchdog(rank=0, peers={}, limit_s=0, on_orphan=None)
            return recipe, make_setup(recipe, problems, 1, pool, watchdog), problems, planned

        yield make


def make_trainer(recipe, setup, problems, planned, kind=None):
    """Return a trainer, of the class ``kind`` where given."""
    with pytest.MonkeyPatch.context() as patch:
        if kind is not None:
            patch.setattr(reinforce, "Trainer", kind)
        trainer = reinforce.make_trainer(recipe, setup, problems, planned, lambda _: None)
    trainer.remove_callback(PrinterCallback)
    return trainer


def leading(function, count):
    return list(inspect.signature(function).parameters)[:count]


def optional_rest(function, count):
    """Return the parameters after the first ``count`` that a caller would have to give."""
    rest = list(inspect.signature(function).parameters.values())[count:]
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in rest if p.default is inspect.Parameter.empty and p.kind not in variable]


@pytest.mark.parametrize("name", grpo.HOOKS)
def test_trls_hooks_have_the_parameters_that_are_overridden(name):
    hook = getattr(trl.GRPOTrainer, name, None)
    assert hook is not None, f"trl moved: GRPOTrainer.{name} is gone in trl {trl.__version__}; grpo.py overrides it"
    expected = grpo.HOOKS[name]
    found = leading(hook, len(expected))
    assert found == expected, f"trl moved: GRPOTrainer.{name} takes {found}; grpo.py assumes {expected}"
    assert not optional_rest(hook, len(expected)), f"trl moved: GRPOTrainer.{name} asks for more than {expected}"


@pytest.mark.parametrize("name", TRANSFORMERS_HOOKS)
def test_transformers_hooks_have_the_parameters_that_are_overridden(name):
    hook = getattr(transformers.Trainer, name, None)
    assert hook is not None, f"transformers moved: Trainer.{name} is gone in {transformers.__version__}"
    expected = TRANSFORMERS_HOOKS[name]
    found = leading(hook, len(expected))
    assert found == expected, f"transformers moved: Trainer.{name} takes {found}; reliable.py assumes {expected}"
    assert not optional_rest(hook, len(expected)), f"transformers moved: Trainer.{name} asks for more than {expected}"
    assert name in vars(Reliable), f"reliable.py no longer overrides {name}; drop it here"


def test_no_hook_of_trl_is_overridden_without_being_listed():
    private = {
        n for n in vars(grpo.Trainer) if n.startswith("_") and not n.startswith("__") and hasattr(trl.GRPOTrainer, n)
    }
    assert private <= set(grpo.HOOKS), f"grpo.HOOKS does not list {private - set(grpo.HOOKS)}"
    ours = {n for n, v in vars(Reliable).items() if callable(v) and hasattr(transformers.Trainer, n)} - {"__init__"}
    assert ours <= set(TRANSFORMERS_HOOKS), f"TRANSFORMERS_HOOKS does not list {ours - set(TRANSFORMERS_HOOKS)}"


@dataclass
class Seen:
    """What trl asked of the hooks, in order."""

    calls: list[str] = field(default_factory=list)
    prompts: list[Any] = field(default_factory=list)
    handed: list[Any] = field(default_factory=list)
    reward_arguments: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    weights: list[list[float]] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)


class Spied(grpo.Trainer):
    """The kit's trainer, writing down how trl calls it."""

    seen: Seen

    def _generate_and_score_completions(self, inputs):
        self.seen.calls.append("rollout")
        output = super()._generate_and_score_completions(inputs)
        self.seen.outputs.append({k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in output.items()})
        return output

    def _generate_single_turn(self, *arguments, **named):
        self.seen.calls.append("generate")
        self.seen.prompts.append(arguments[0])
        self.seen.kept.append(list(self.rollout().kept))
        handed = super()._generate_single_turn(*arguments, **named)
        self.seen.handed.append(handed[0])
        return handed

    def _calculate_rewards(self, inputs, prompts, completions, completion_ids_list):
        self.seen.calls.append("rewards")
        rewards = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        self.seen.reward_arguments.append((inputs, prompts, completions, completion_ids_list, rewards))
        return rewards

    def _get_grad_norm(self, model, grad_norm=None):
        self.seen.calls.append("norm")
        self.seen.weights.append(self.weight_sums())
        return super()._get_grad_norm(model, grad_norm)


@pytest.fixture(scope="module")
def trained(setups):
    """Two steps of a real trainer, each on a rollout of its own."""
    made = setups("grpo.max_grad_norm=0")  # the norm is asked for also where nothing is clipped
    trainer = make_trainer(*made, Spied)
    trainer.seen = Seen()
    trainer.before = trainer.weight_sums()
    trainer.train()
    return trainer


def real(ids, mask):
    """Return the rows of a padded batch without their padding."""
    return [row[keep.bool()].tolist() for row, keep in zip(ids, mask, strict=True)]


def test_trl_asks_once_per_rollout_in_this_order(trained):
    assert trained.seen.calls == ["rollout", "generate", "rewards", "norm"] * 2, (
        f"trl moved: in two steps the hooks were called as {trained.seen.calls}"
    )


def test_trl_asks_once_for_a_rollout_that_several_steps_share(setups):
    more = ["max_steps=8", "grpo.steps_per_generation=2", "grpo.num_iterations=2", "save_every=0"]
    trainer = make_trainer(*setups(*more), Spied)
    trainer.seen = Seen()
    trainer.train()
    expected = ["rollout", "generate", "rewards", *["norm"] * 4] * 2
    assert trainer.seen.calls == expected, f"trl moved: its steps follow rollouts as {trainer.seen.calls}"
    assert [len(handed) for handed in trainer.seen.handed] == [16, 16]


def test_trl_has_what_the_kit_reads(trained):
    gone = [name for name in ATTRIBUTES if not hasattr(trained, name)]
    assert not gone, f"trl moved: GRPOTrainer has no {gone}"
    assert trained._step == trained.micro_step == 2, "trl moved: _step no longer counts forward and backward passes"


def test_trl_uses_exactly_the_responses_that_it_is_handed(trained):
    for handed, output in zip(trained.seen.handed, trained.seen.outputs, strict=True):
        used = real(output["completion_ids"], output["completion_mask"])
        assert used == handed, "trl moved: completion_ids are not what _generate_single_turn returned"
        assert [len(ids) for ids in handed] == output["completion_mask"].sum(1).tolist(), "trl moved: completion_mask"


def test_trl_reads_prompts_as_the_sampler_does(trained):
    prompter = trained.setup.prompter
    for kept, asked, output in zip(trained.seen.kept, trained.seen.prompts, trained.seen.outputs, strict=True):
        problems = [trained.problems[attempt.row] for attempt in kept]
        ours = [prompter.token_ids(p, trained.setup.instruction(p)) for p in problems]
        assert asked == ours, "trl moved: its prompt tokens are not those that were sampled from (Prompter.token_ids)"
        assert real(output["prompt_ids"], output["prompt_mask"]) == ours, "trl moved: prompt_ids"


def test_trl_takes_the_rewards_that_it_is_handed(trained):
    for number, (inputs, prompts, completions, ids, rewards) in enumerate(trained.seen.reward_arguments):
        said = "trl moved: _calculate_rewards is called with other things than (inputs, prompts, completions, ids)"
        assert [i["prompt"] for i in inputs] == prompts, said
        assert all(c[0]["role"] == "assistant" for c in completions), said
        assert ids == trained.seen.handed[number], said
        assert rewards.shape == (8, 1)
        logged = trained.state.log_history[number]["reward"]
        assert logged == pytest.approx(float(rewards.mean()), abs=1e-6), (
            f"trl moved: it logs the reward {logged}, and was handed {float(rewards.mean())}"
        )


def test_advantages_are_those_of_the_kit(trained):
    for output, (*_, rewards) in zip(trained.seen.outputs, trained.seen.reward_arguments, strict=True):
        expected = ADVANTAGES[trained.recipe.advantage](rewards.view(2, 4)).reshape(-1)
        torch.testing.assert_close(output["advantages"], expected)


def test_the_gradient_norm_is_asked_for_before_the_weights_change(trained):
    weights = trained.seen.weights
    assert weights[0] == trained.before, "transformers moved: _get_grad_norm comes after the optimizer step"
    assert weights[1] != weights[0], "the optimizer step changed nothing"


def change(model):
    """Train a model a little: one step on anything."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    ids = torch.tensor([[5, 6, 7, 8]])
    model(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()
    model.zero_grad()


def frozen(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize(("more", "before"), [([], None), ([], change), (["from_scratch=true"], None)])
def test_the_reference_is_the_start_model_byte_for_byte(setups, more, before):
    recipe, setup, problems, planned = setups("grpo.beta=0.05", *more)
    if before is not None:  # a cold start in the same process: the weights are no longer those of the file
        before(setup.model)
    start, origin = frozen(setup.model), setup.model.config._name_or_path
    trainer = make_trainer(recipe, setup, problems, planned)
    assert trainer.ref_model is not None, "trl moved: beta above 0 makes no reference model"
    assert trainer.ref_model is not trainer.model, "trl moved: the reference is the model that is trained"
    reference = trainer.accelerator.unwrap_model(trainer.ref_model).state_dict()
    moved = "trl moved: the reference is not made by create_model_from_path(get_config_model_id(model.config))"
    assert reference.keys() == start.keys(), moved
    assert all(torch.equal(reference[name], start[name]) for name in start), moved
    assert all(reference[name].dtype == start[name].dtype for name in start), moved
    assert setup.model.config._name_or_path == origin
    trainer.train()  # the reference stays, and require_start_reference agrees
    trained, reference = trainer.model.state_dict(), trainer.ref_model.state_dict()
    assert all(torch.equal(reference[name], start[name]) for name in start), "the reference has been trained"
    if not more and before is None:  # the others earn nothing, so that they learn nothing
        assert any(not torch.equal(trained[name], start[name]) for name in start)


def test_trl_still_finds_its_reference_by_the_name_in_the_config(tmp_path):
    config = Qwen2Config()
    config._name_or_path = str(tmp_path)
    assert get_config_model_id(config) == str(tmp_path), "trl moved: get_config_model_id; keep_start relies on it"
    assert "self.ref_model = create_model_from_path(get_config_model_id(self.model.config)" in inspect.getsource(
        grpo_trainer.GRPOTrainer.__init__
    ), "trl moved: how the reference is made; read reinforce.keep_start again"


def test_every_file_of_a_checkpoint_is_plain(trained):
    trained._save_checkpoint(trained.model, None)
    folder = trained.root / f"checkpoint-{trained.state.global_step:06d}"
    kinds = {file.suffix for file in folder.iterdir()}
    assert kinds <= {".json", ".safetensors", ".jinja"}, f"transformers moved: it writes {kinds}"
    assert json.loads((folder / "trainer_state.json").read_text())["global_step"] == 2
