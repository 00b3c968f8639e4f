import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from verigrad.errors import RecipeError, RunError
from verigrad.recipe import load_recipe
from verigrad.scoring import make_scorer
from verigrad.train.folder import begin, is_finished, lock, without_secrets
from verigrad.train.identity import changes, identify, is_free, settle

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "recipes/tiny/grpo.yaml"


class Tokenizer:
    chat_template = "{{ messages }}"

    def get_vocab(self):
        return {"a": 0}


def identity(*overrides):
    recipe = load_recipe(RECIPE, list(overrides))
    return identify(recipe, [], Tokenizer(), make_scorer(recipe), "abc", 1)


def start(folder, *overrides, accepted=()):
    recipe = load_recipe(RECIPE, [f"output_dir={folder}", *overrides])
    begin(recipe, folder, {"command": "c", "seed": recipe.seed}, identity(*overrides), accepted)


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("group_size=8", "group_size"),
        ("grpo.learning_rate=3e-4", "grpo.learning_rate"),
        ("tasks.0.options.difficulty=[3, 5]", "tasks.0.options.difficulty.1"),
        ("shaping.0.weight=0.2", "shaping.0.weight"),
        ("eval.every=3", "eval.every"),
    ],
)
def test_a_changed_key_is_named_and_refused_unless_accepted(tmp_path, override, key):
    run = tmp_path / "run"
    start(run)
    with pytest.raises(RunError) as caught:
        start(run, override)
    assert f"{run}: {key} was " in str(caught.value)
    assert f"go on with --accept-change {key}" in str(caught.value)
    start(run, override, accepted=[key])
    kept = json.loads((run / "run.json").read_text())
    assert list(kept["resumed"][0]["accepted_changes"]) == [key]
    start(run, override)  # accepted once is accepted


@pytest.mark.parametrize("override", ["save_every=3", "eval.problems=7", "scoring.workers=3", "guard.patience=9"])
def test_what_does_not_change_the_training_may_change(tmp_path, override):
    start(tmp_path / "run")
    start(tmp_path / "run", override)


def test_several_changes_are_one_line_with_every_key():
    with pytest.raises(RunError) as caught:
        settle(Path("runs/a"), identity(), identity("seed=1", "group_size=8"), ["seed"])
    assert "--accept-change group_size" in str(caught.value)
    assert "seed" not in str(caught.value)


def test_accepting_what_has_not_changed_is_refused():
    with pytest.raises(RecipeError, match="--accept-change sede: has not changed .*; changed are seed"):
        settle(Path("runs/a"), identity(), identity("seed=1"), ["sede"])


def test_the_source_of_a_reward_is_part_of_the_identity(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "my_reward.py"
    text = "from verigrad_rewards.types import Status, Verdict\ndef r(problem, response):\n    return Verdict(1.0, Status.CORRECT)\n"
    module.write_text(text)
    before = identity("shaping=[{name: 'my_reward:r'}]")
    module.write_text(text + "# changed\n")
    assert list(changes(before, identity("shaping=[{name: 'my_reward:r'}]"))) == ["rewards"]


def test_free_keys():
    assert is_free("save_every")
    assert is_free("eval.samples")
    assert not is_free("eval.every")
    assert not is_free("seed")


def test_only_one_process_trains_in_a_folder(tmp_path):
    code = f"from pathlib import Path; from verigrad.train.folder import lock; lock(Path({str(tmp_path)!r}))"
    with lock(tmp_path):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": f"{ROOT}/src:{ROOT}/rewards"})  # fmt: skip
        assert "another process is training in it; wait for it, stop it" in done.stderr
    lock(tmp_path).close()


def test_folders_that_are_no_runs_are_not_touched(tmp_path):
    recipe = load_recipe(RECIPE, [])
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(RunError, match=r"exists, and holds no run \(no run.json\)"):
        is_finished(recipe, tmp_path)
    assert not is_finished(recipe, tmp_path / "new")
    (tmp_path / "empty").mkdir()
    assert not is_finished(recipe, tmp_path / "empty")


def test_secrets_of_the_environment_never_reach_a_file(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", 'hf_planted"secret')
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    kept = without_secrets({"command": 'train model=https://u:hf_planted"secret@x', "list": ["sk-planted"]})
    assert kept == {"command": "train model=https://u:***@x", "list": ["***"]}
