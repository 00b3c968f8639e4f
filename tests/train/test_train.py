import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, Qwen2Config

from verigrad.archive import read_rollouts
from verigrad.cli import app
from verigrad.lines import read_lines
from verigrad.models.load import load_tokenizer
from verigrad.train.command import main

ROOT = Path(__file__).parents[2]
SMALL = [
    "max_steps=2", "prompts_per_step=2", "group_size=4", "eval.every=2", "eval.every_problems=8", "eval.problems=16",
    "eval.ood_problems=4",
]  # fmt: skip


def launch(recipe, *overrides, config="cpu", port=29511):
    command = [
        sys.executable, "-m", "accelerate.commands.launch", "--quiet", "--main_process_port", str(port), "--config_file",
        str(ROOT / f"recipes/accelerate/{config}.yaml"), "-m", "verigrad.train", str(ROOT / recipe), *overrides,
    ]  # fmt: skip
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, timeout=300)


def digest(run):
    return hashlib.sha256((run / "model" / "model.safetensors").read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "a"
    done = launch("recipes/tiny/grpo.yaml", f"output_dir={folder}", *SMALL)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_run_keeps_every_rollout_and_explains_itself(run):
    rollouts = list(read_rollouts(run))
    assert len(rollouts) == 2 * 2 * 4
    for start in range(0, 16, 4):  # groups never mix problems
        assert len({r["problem"] for r in rollouts[start : start + 4]}) == 1
        assert sum(r["advantage"] for r in rollouts[start : start + 4]) == pytest.approx(0, abs=1e-3)
    metrics = read_lines(run / "metrics.jsonl")
    assert [m["step"] for m in metrics] == [0, 1, 2]  # 0 is the start model
    assert [m.get("held_out_problems") for m in metrics] == [8, None, 8]
    facts = json.loads((run / "run.json").read_text())
    assert (facts["world_size"], facts["seed"], facts["packages"]["trl"][:4]) == (1, 0, "1.16")
    assert (run / "recipe.yaml").is_file()


def test_the_same_recipe_and_seed_give_the_same_weights(run, tmp_path):
    done = launch("recipes/tiny/grpo.yaml", f"output_dir={tmp_path / 'b'}", *SMALL)
    assert done.returncode == 0, done.stderr
    assert digest(tmp_path / "b") == digest(run)


def test_eval_and_report_of_a_run(run):
    from typer.testing import CliRunner

    result = CliRunner().invoke(app, ["eval", str(run)])
    assert result.exit_code == 0, result.output
    assert "held-out problems" in result.output
    records = read_lines(run / "eval" / "after.jsonl")
    assert len(records) == 1 + 2 * (16 + 4) + 5 * 16  # sampled and greedy, and five budgets
    again = CliRunner().invoke(app, ["eval", str(run)])
    assert again.exit_code == 0
    assert read_lines(run / "eval" / "after.jsonl") == records
    assert CliRunner().invoke(app, ["report", str(run)]).exit_code == 0
    assert "<svg" in (run / "report.html").read_text()


def test_a_finished_run_is_left_as_it_is(run, capsys):
    before = digest(run)
    assert main([str(ROOT / "recipes/tiny/grpo.yaml"), f"output_dir={run}", *SMALL]) == 0
    assert "is finished; its model is" in capsys.readouterr().err
    assert main([str(ROOT / "recipes/tiny/grpo.yaml"), f"output_dir={run}", *SMALL, "seed=4"]) == 2
    assert "is a finished run with seed 0, which is 4 now; choose another with output_dir=" in capsys.readouterr().err
    assert main([str(ROOT / "recipes/tiny/grpo.yaml"), f"output_dir={run}", *SMALL, "resume=never"]) == 2
    assert "exists, and resume is never; choose another with output_dir=" in capsys.readouterr().err
    assert digest(run) == before


def test_gsm8k_recipe_on_a_qwen_checkpoint(tmp_path):
    tokenizer = load_tokenizer("verigrad/tiny")
    config = Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=2048, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "qwen")
    tokenizer.save_pretrained(tmp_path / "qwen")
    rows = ROOT.parent / "shared/data/gsm8k_test.jsonl"
    if not rows.is_file():
        rows = tmp_path / "rows.jsonl"
        rows.write_text(
            "".join(json.dumps({"question": f"{i}+1?", "answer": f"#### {i + 1}"}) + "\n" for i in range(90))
        )
    done = launch(
        "recipes/qwen2.5/gsm8k_0.5b.yaml", f"model={tmp_path / 'qwen'}", f"output_dir={tmp_path / 'run'}",
        f"tasks=[{{name: gsm8k, options: {{path: {rows}}}}}]", "max_steps=2", "prompts_per_step=2", "group_size=4",
        "max_prompt_tokens=1500", "max_response_tokens=16", "eval.every=0", "grpo.gradient_accumulation_steps=2",
        "save_every=0", "preflight.allow_dead=true",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rollouts = list(read_rollouts(tmp_path / "run"))
    assert len(rollouts) == 16
    assert all(r["problem"].startswith("gsm8k/train/") for r in rollouts)


@pytest.fixture
def copy(tmp_path):
    tokenizer = load_tokenizer("verigrad/tiny")
    tokenizer.save_pretrained(tmp_path / "model")
    AutoModelForCausalLM.from_pretrained(ROOT / "src/verigrad/models/tiny_model").save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def change_tokenizer(folder, **values):
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def refused(capsys, *overrides):
    code = main([str(ROOT / "recipes/tiny/grpo.yaml"), *SMALL, *overrides])
    said = capsys.readouterr().err
    assert code == 2, said
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said


def test_models_that_cannot_be_trained_are_refused_in_one_line(copy, tmp_path, capsys):
    out = f"output_dir={tmp_path / 'run'}"
    assert "no config.json there; allowed is verigrad/tiny" in refused(capsys, out, "model=/nonexistent")
    (copy / "chat_template.jinja").rename(tmp_path / "template")
    assert "has no chat template; put a chat_template.jinja" in refused(capsys, out, f"model={copy}")
    (tmp_path / "template").rename(copy / "chat_template.jinja")
    change_tokenizer(copy, pad_token="<|end|>")
    assert "one token for padding and for the end" in refused(capsys, out, f"model={copy}")
    change_tokenizer(copy, pad_token=None)
    assert "has no pad token" in refused(capsys, out, f"model={copy}")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("grpo.learning_rat=1", "trl's GRPOConfig has no such field. Did you mean 'learning_rate'?"),
        ("grpo.learning_rate=fast", "grpo.learning_rate: found 'fast'; allowed is a number"),
        ("grpo.num_generations=4", "is derived from the recipe; set group_size instead"),
        ("grpo.top_p=0.9", "allowed is 1.0: it changes what is sampled"),
        ("tasks=[{name: jsonl, options: {path: /nonexistent/x.jsonl}}]", "no such file"),
        ("tasks=[{name: chainsum}]", "Did you mean 'chain_sum'?"),
        ("shaping=[{name: think_anwser}]", "reward 'think_anwser' is unknown"),
        ("max_prompt_tokens=3", "others are too long; allowed is max_prompt_tokens: 3"),
    ],
)
def test_wrong_recipes_are_refused_in_one_line(override, said, tmp_path, capsys):
    assert said in refused(capsys, f"output_dir={tmp_path / 'run'}", override)
    assert not (tmp_path / "run").exists()


def test_too_few_problems_for_a_step(tmp_path, capsys):
    file = tmp_path / "p.jsonl"
    file.write_text("".join(json.dumps({"question": f"{i}+1?", "answer": i + 1}) + "\n" for i in range(3)))
    said = refused(capsys, f"output_dir={tmp_path / 'r'}", f"tasks=[{{name: jsonl, options: {{path: {file}}}}}]",
                   "prompts_per_step=64", "eval.every=0")  # fmt: skip
    assert "train problems; one rollout needs 64 (prompts_per_step ×" in said


def test_supervised_stage_learns_from_worked_solutions(tmp_path):
    done = launch("recipes/tiny/pretrain.yaml", f"output_dir={tmp_path / 's'}", "phases=[{steps: 6}]",
                  "sequences_per_step=16")  # fmt: skip
    assert done.returncode == 0, done.stderr
    losses = [m["loss"] for m in read_lines(tmp_path / "s" / "metrics.jsonl")]
    assert losses[-1] < losses[0]
    assert (tmp_path / "s" / "model" / "model.safetensors").stat().st_size <= 5_000_000
