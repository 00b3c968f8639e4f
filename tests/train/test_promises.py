"""What a run promises beside exact resume: nothing is switched off unseen, nothing secret is kept, nothing dead succeeds."""

import gzip
import json
import shutil

import pytest
from processes import finish, start
from runs import assert_error, recipe, refused, tasks, trained, write_rows

from verigrad.archive import read_rollouts
from verigrad.disk import save_json
from verigrad.lines import read_lines
from verigrad.models.names import TINY_FOLDER
from verigrad.train.checkpoint import best_step

QUICK = ["max_steps=2", "eval.every=0", "save_every=1"]


@pytest.mark.parametrize(
    "override",
    [
        "grpo.logging_strategy=epoch", "grpo.logging_steps=5", "grpo.save_strategy=steps", "grpo.eval_on_start=true",
        "grpo.generation_kwargs={top_p: 0.5}", "grpo.save_only_model=true", "grpo.shuffle_dataset=false",
    ],
)  # fmt: skip
def test_settings_that_would_switch_the_kit_off_are_refused(problems, tmp_path, capsys, override):
    said = refused(capsys, problems, tmp_path / "run", override)
    assert f"{override.partition('=')[0]}: is derived from the recipe; " in said
    assert not (tmp_path / "run").exists()


def test_a_start_that_was_killed_at_once_does_not_lock_its_folder(problems, tmp_path):
    for left in (".lock", ".run.json.unfinished"):
        (tmp_path / "run").mkdir(exist_ok=True)
        (tmp_path / "run" / left).write_text("{")
    code, said = trained(problems, tmp_path / "run", *QUICK)
    assert code == 0, said


def test_a_key_that_a_reward_shows_reaches_no_file_and_no_message(problems, tmp_path):
    secret = "sk-PLANTED-1234567890"
    shaping = 'shaping=[{name: "broken_rewards:shows_its_key", weight: 0.1}]'
    code, said = trained(problems, tmp_path / "run", shaping, *QUICK, env={"OPENAI_API_KEY": secret})
    assert code == 1
    assert_error(
        said, "16 of 16 responses could not be scored" if "16 of 16" in said else "8 of 8 responses", "key ***"
    )
    assert secret not in said
    for file in (tmp_path / "run").rglob("*"):
        if file.is_file():
            data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            assert secret.encode() not in data, file


def test_template_options_reach_sampling_and_training_alike(problems, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(TINY_FOLDER, model)
    template = model / "chat_template.jinja"
    text = template.read_text()
    assert "<|assistant|>" in text
    template.write_text(text.replace("<|assistant|>", "<|assistant|>{{ extra | default('') }}", 1))
    code, said = trained(problems, tmp_path / "run", f"model={model}", "grpo.chat_template_kwargs={extra: '7'}", *QUICK)
    assert code == 0, said  # trl's tokens are compared with the sampled ones in every rollout


def test_a_run_that_never_moved_writes_no_model(problems, tmp_path):
    write_rows(tmp_path / "train.jsonl", [{"question": f"{i}+1=?", "answer": str(98765432 + i)} for i in range(8)])
    more = [tasks(tmp_path / "train.jsonl"), "shaping=[]", *QUICK]
    code, said = trained(problems, tmp_path / "run", *more)
    assert code == 1
    assert_error(said, "no step of the run changed a weight, as no group carried a signal; no model is written")
    assert not (tmp_path / "run" / "model").exists()


def test_the_best_checkpoint_is_named_again_after_a_crash_between_two_writes(problems, tmp_path):
    run = tmp_path / "run"
    more = ["eval.every=1", "eval.every_problems=8", "save_every=1", "keep_checkpoints=9"]
    assert trained(problems, run, *more, "max_steps=4")[0] == 0
    shutil.rmtree(run / "model")
    checks = {m["step"]: m["held_out_accuracy"] for m in read_lines(run / "metrics.jsonl")}
    best = max(sorted(checks), key=checks.get)
    save_json(run / "checkpoints" / "best.json", {"step": 99, "held_out_accuracy": 0.0})
    assert trained(problems, run, *more, "max_steps=4")[0] == 0
    assert best_step(run / "checkpoints") == (best or 99)


@pytest.mark.parametrize("override", ["grpo.num_iterations=2", "grpo.optim=sgd", "lora={rank: 4}"])
def test_what_makes_a_step_another_cannot_change_within_a_run(problems, tmp_path, override):
    run = tmp_path / "run"
    assert trained(problems, run, *QUICK)[0] == 0
    shutil.rmtree(run / "model")
    key = "lora" if "lora" in override else override.partition("=")[0]
    code, said = trained(problems, run, *QUICK, "max_steps=4", "save_every=2", override, "--accept-change", key)
    assert code == 2
    assert_error(said, "which no run can go on with; restore it, or choose another output_dir")


def test_fewer_steps_than_were_taken_are_refused(problems, tmp_path):
    run = tmp_path / "run"
    assert trained(problems, run, *QUICK)[0] == 0
    shutil.rmtree(run / "model")
    code, said = trained(problems, run, *QUICK, "max_steps=1", "--accept-change", "max_steps")
    assert code == 2
    assert_error(said, "max_steps: found 1; ", "checkpoint-000002 has taken more; raise max_steps")


def test_an_adapter_on_a_model_with_dropout_has_its_start_as_reference(problems, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(TINY_FOLDER, model)
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "attention_dropout": 0.1}))
    code, said = trained(problems, tmp_path / "run", f"model={model}", "lora={rank: 4}", "grpo.beta=0.1", *QUICK)
    assert code == 0, said
    assert (tmp_path / "run" / "adapter" / "adapter_model.safetensors").is_file()


def test_a_reference_that_something_changed_is_noticed(problems, tmp_path):
    run = tmp_path / "run"
    assert trained(problems, run, "grpo.beta=0.1", *QUICK)[0] == 0
    shutil.rmtree(run / "model")
    weights = run / "start" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-7] ^= 64
    weights.write_bytes(data)
    code, said = trained(problems, run, "grpo.beta=0.1", *QUICK, "max_steps=3", "--accept-change", "max_steps")
    assert code == 2
    assert_error(said, f"{run}/start: is not the start model any more; delete it")


def test_what_a_reward_imports_is_part_of_its_source(problems, tmp_path):
    run, code_folder = tmp_path / "run", tmp_path / "code"
    code_folder.mkdir()
    (code_folder / "my_bonus.py").write_text("BONUS = 0.5\n")
    (code_folder / "my_form.py").write_text(
        "from my_bonus import BONUS\nfrom verigrad_rewards.types import Status, Verdict\n\n\n"
        "def form(problem, response):\n    return Verdict(BONUS * (len(response.text) % 2), Status.WRONG)\n"
    )
    more = ['shaping=[{name: "my_form:form", weight: 0.1}]', *QUICK]
    env = {"PYTHONPATH": str(code_folder)}
    log = tmp_path / "log"
    assert finish(start(recipe(problems, run, *more), log, env=env, path=[str(code_folder)])) == [0], log.read_text()
    shutil.rmtree(run / "model")
    (code_folder / "my_bonus.py").write_text("BONUS = 0.75\n")
    assert finish(start(recipe(problems, run, *more), log, env=env, path=[str(code_folder)])) == [2]
    assert_error(log.read_text(), "rewards was ", "--accept-change rewards")


def test_a_broken_reward_leaves_no_pass_rates_behind(problems, tmp_path):
    cache = tmp_path / "cache"
    rates = f"pass_rates={{samples: 2, low: 0, high: 1, cache: {cache}}}"
    broken = "tasks.0.reward_options={timeout_s: 1.0}"
    assert trained(problems, tmp_path / "a", rates, broken, *QUICK)[0] == 0
    (first,) = cache.iterdir()
    assert trained(problems, tmp_path / "b", rates, *QUICK)[0] == 0  # other options of the reward, another file
    assert len(list(cache.iterdir())) == 2
    first.write_text("not rates\n")
    code, said = trained(problems, tmp_path / "c", rates, broken, *QUICK)
    assert code == 2
    assert_error(said, f"{first}: is no file of pass rates; delete it to measure anew")


def test_no_problem_comes_twice_in_a_rollout(problems, tmp_path):
    write_rows(tmp_path / "five.jsonl", [{"question": f"{a}+{a + 2}=?", "answer": str(2 * a + 2)} for a in range(3, 8)])
    code, said = trained(problems, tmp_path / "run", tasks(tmp_path / "five.jsonl"), *QUICK, "prompts_per_step=4",
                         "max_steps=5")  # fmt: skip
    assert code == 0, said
    for step in range(1, 6):
        rows = [r for r in read_rollouts(tmp_path / "run") if r["step"] == step and r["kept"]]
        assert len({r["problem"] for r in rows}) == 4


def test_a_reward_that_fails_on_the_start_model_saves_a_checkpoint_that_loads(problems, tmp_path):
    run = tmp_path / "run"
    shaping = 'shaping=[{name: "broken_rewards:fails_once_told", weight: 0.1}]'
    more = [shaping, "eval.every=1", "eval.every_problems=8", "max_steps=2", "save_every=1"]
    code, said = trained(problems, run, *more, env={"BROKEN": "1"})
    assert code == 1
    assert_error(said, "8 of 8 responses could not be scored")
    assert (run / "checkpoints" / "checkpoint-000000" / "manifest.json").is_file()
    code, said = trained(problems, run, *more)
    assert code == 0, said
    assert f"goes on from {run}/checkpoints/checkpoint-000000" in said
