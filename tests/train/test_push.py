import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest
import yaml
from hub_stub import TOKEN, serving
from huggingface_hub import ModelCard

from verigrad.evaluate.records import checked_line
from verigrad.models.load import load_model, weights_hash
from verigrad.models.names import TINY_FOLDER

PUSHES = """
import json, sys
from pathlib import Path
from verigrad.errors import STATED, exit_code
from verigrad.push import push
for run, repo, options in json.loads(sys.argv[1]):
    try:
        print("done", push(Path(run), repo, **options))
    except STATED as error:
        print(exit_code(error), error)
"""
DECODING = {"samples": 1, "temperature": 1.0, "top_p": 1.0, "max_tokens": 96, "max_think_tokens": None, "seed": 0}


@pytest.fixture(scope="module")
def hub():
    with serving() as hub:
        yield hub


@pytest.fixture(scope="module")
def weights():
    return weights_hash(load_model("verigrad/tiny", seed=0))


@pytest.fixture
def run(tmp_path, weights):
    return make_run(tmp_path / "run", weights)


def make_run(folder, weights):
    """Write what a run leaves that was trained and measured; its model is the tiny one."""
    shutil.copytree(TINY_FOLDER, folder / "model")
    recipe = {"model": "verigrad/tiny", "tasks": [{"name": "chain_sum"}], "output_dir": "runs/x"}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    (folder / "run.json").write_text(json.dumps({"command": "c", "identity": {}, "resumed": []}))
    (folder / "eval").mkdir()
    for side, right in (("before", 2), ("after", 16)):
        measured = {
            "weights": weights, "sampler": "transformers", "decodings": {"sampled": DECODING}, "samples": 20,
            "verigrad": "0.1.0",
        }  # fmt: skip
        rows = [record(i, "correct" if i < right else "wrong") for i in range(20)]
        header = {"kind": "header", "format": 2, "measured": measured, "made_by": {}}
        (folder / "eval" / f"{side}.jsonl").write_bytes(b"".join(map(checked_line, [header, *rows])))
    return folder


def record(i, status):
    name = f"chain_sum/held_out/{i}"
    return {
        "kind": "sample", "key": name, "problem": name, "cluster": name, "task": "chain_sum", "split": "held_out",
        "decode": "sampled", "sample": 0, "level": 3, "prompt": "p", "status": status, "vote": None, "gold": None,
        "format": True, "finished": True, "forced": False, "num_tokens": 9, "think_tokens": 4,
    }  # fmt: skip


def pushed(run, url, *pushes, **env):
    """Return what a process says that pushes ``run``, a line for each, and whose output shows no token.

    A push is a repository, options, and another run where it is one.
    """
    secret = env.get("HF_TOKEN", "hf_")
    home = {**os.environ, "HF_HOME": str(run.parent / "hf"), "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    home = {k: v for k, v in home.items() if k not in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")} | {"HF_ENDPOINT": url}
    asked = json.dumps([[str((*more, run)[0]), repo, options] for repo, options, *more in pushes])
    done = subprocess.run([sys.executable, "-c", PUSHES, asked], env=home | env, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    assert secret not in said
    return [line for line in done.stdout.splitlines() if " files, " not in line]


def test_a_push_publishes_weights_card_and_records_as_one_commit_or_nothing(hub, run, tmp_path):
    other = make_run(tmp_path / "other", "another hash")
    said = pushed(
        run, hub.url, ("me/good", {"private": True}), ("me/forbidden", {}), ("me/refused", {}), ("me/hangup", {}),
        ("me/public", {"private": True}), ("me/other", {}, other), HF_TOKEN=TOKEN,
    )  # fmt: skip
    assert said[0] == f"done {hub.url}/me/good/commit/1"
    assert said[1].startswith("2 the token may not write to me/forbidden (403)")
    assert said[2].startswith("1 me/refused: the upload was interrupted: the link has expired; nothing of it is")
    assert f"1 the hub at {hub.url} cannot be reached, or hung up" in said[3]
    assert "nothing of it is published; push again to go on" in said[3]
    assert said[4].startswith("2 repository me/public: is there and public; make it private")
    assert "after.jsonl: was measured with other weights than those of" in said[5]
    assert "other" not in {c["name"] for c in hub.created}
    assert hub.commits.keys() == {"me/good"}
    files = hub.files("me/good")
    for file in {*(run / "model").iterdir()} - {run / "model" / "README.md"}:  # which the last push wrote anew
        assert files[file.name] == file.read_bytes()
    assert hashlib.sha256(files["model.safetensors"]).hexdigest() in hub.large
    for side in ("before", "after"):
        assert files[f"verigrad/eval/{side}.jsonl"] == (run / "eval" / f"{side}.jsonl").read_bytes()
    assert files["verigrad/recipe.yaml"] == (run / "recipe.yaml").read_bytes()
    assert set(files) == {
        *(f.name for f in (run / "model").iterdir()), "verigrad/recipe.yaml", "verigrad/eval/before.jsonl",
        "verigrad/eval/after.jsonl",
    }  # fmt: skip
    assert hub.created[0] == {"name": "good", "organization": "me", "visibility": "private"}
    assert f"Bearer {TOKEN}" in hub.authorization
    assert all(TOKEN.encode() not in data for data in files.values())
    card = ModelCard(files["README.md"].decode())  # as the hub reads it
    assert hub.cards[0].encode() == files["README.md"]
    assert (card.data.license, card.data.eval_results[0].metric_value) == ("apache-2.0", 0.8)
    assert card.data.model_name == "good"


def test_a_push_needs_a_name_a_token_and_a_hub(hub, run):
    said = pushed(run, hub.url, ("me/x", {}), ("x", {}), ("me/x/y", {}), ("me/\x1b[2J", {}), ("me/a--b", {}))
    assert said[0].startswith("2 the hub needs a token and there is none; log in with 'hf auth login'")
    for line, name in zip(said[1:], ("x", "me/x/y", "me/·[2J", "me/a--b"), strict=True):
        assert line == f"2 repository '{name}': allowed is user/name, of letters, digits and . _ -"
    (said,) = pushed(run, hub.url, ("me/x", {}), HF_TOKEN="hf_a_token_that_was_revoked")
    assert said.startswith("2 the hub does not know the token (401); log in")
    (said,) = pushed(run, "http://127.0.0.1:1", ("me/x", {}), HF_TOKEN=TOKEN)
    assert said.startswith("1 the hub at http://127.0.0.1:1 cannot be reached, or hung up: ")
    (said,) = pushed(run, hub.url, ("me/x", {}), HF_TOKEN=TOKEN, HF_HUB_OFFLINE="1")
    assert said.startswith("2 HF_HUB_OFFLINE is set")
    assert "x" not in {c["name"] for c in hub.created}


def test_a_token_of_a_login_is_used_and_never_shown(hub, run):
    (run.parent / "hf").mkdir()
    (run.parent / "hf" / "token").write_text("hf_that_breaks_the_hub")
    (said,) = pushed(run, hub.url, ("me/x", {}))
    assert said.startswith("1 me/x: the hub answers 500: no good: Bearer ***")
