import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from processes import finish, start
from runs import assert_error

from verigrad.errors import RunError
from verigrad.evaluate.budget import words
from verigrad.evaluate.compare import compare
from verigrad.evaluate.records import read_records, read_rows
from verigrad.models.names import TINY_FOLDER
from verigrad_rewards.structure import Tags

SMALL = [
    "eval.problems=40", "eval.ood_problems=10", "eval.samples=2", "eval.think_budgets=[0,6]", "eval.batch_size=16",
    "scoring.workers=1",
]  # fmt: skip


def command(out, *more, model="verigrad/tiny"):
    return [
        "-m",
        "verigrad.evaluate",
        model,
        "--recipe",
        "recipes/tiny/grpo.yaml",
        f"--out={out}",
        *SMALL,
        *more,
    ]


def environment():
    return {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": "src:rewards"}


def evaluate(out, *more, launcher=(), model="verigrad/tiny"):
    """Return exit code and output of an evaluation."""
    done = subprocess.run(
        [sys.executable, *launcher, *command(out, *more, model=model)],
        env=environment(),
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def samples(file):
    """Return the lines of the samples, without the header, which names the command."""
    return file.read_bytes().split(b"\n", 1)[1]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "r.jsonl"
    code, said = evaluate(out)
    assert code == 0, said
    return out


def test_a_model_is_measured(whole):
    records = read_records(whole)
    assert records.missing == 0
    assert {(s.split, s.decode) for s in records.samples} == {
        ("held_out", "sampled"), ("held_out", "greedy"), ("held_out", "think-0"), ("held_out", "think-6"),
        ("ood", "sampled"), ("ood", "greedy"),
    }  # fmt: skip
    assert {s.status for s in records.samples} <= {"correct", "wrong", "no_answer"}
    assert records.seconds > 0
    made_by = records.header["made_by"]
    assert {"command", "recipe", "recipe_hash", "commit", "dirty", "packages", "device", "sandbox"} <= made_by.keys()
    assert {"weights", "template", "tokenizer", "dataset", "decodings", "rewards"} <= records.measured.keys()
    first = records.samples[0]
    assert (first.gold is None) == (first.task == "functions")
    assert first.level in range(1, 13)


def test_an_evaluation_that_is_killed_goes_on_to_the_same_file(whole, tmp_path):
    out, kills = tmp_path / "r.jsonl", 0
    while kills < 3:
        process = subprocess.Popen(
            [sys.executable, *command(out)], env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        size = out.stat().st_size if out.exists() else 0
        while process.poll() is None and (not out.exists() or out.stat().st_size <= max(size, 5000)):
            time.sleep(0.02)
        process.kill()
        process.wait()
        if kills == 1:  # the disk kept half of a line
            os.truncate(out, out.stat().st_size - 40)
        kills += 1
    assert 0 < read_records(out).missing < read_records(whole).missing + len(read_records(whole).samples)
    code, said = evaluate(out)
    assert code == 0, said
    assert samples(out) == samples(whole)


def test_sigterm_keeps_what_is_finished_and_says_so(whole, tmp_path):
    out = tmp_path / "r.jsonl"
    process = subprocess.Popen(
        [sys.executable, *command(out)], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    while not out.exists() or out.stat().st_size < 5000:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    said = process.communicate()[0]
    assert process.returncode == 75, said
    assert_error(said, f"{out}: stopped by SIGTERM;", "of 230 responses are recorded, start the same command again")
    assert read_records(out).missing < 230


def test_two_processes_measure_the_same(whole, tmp_path):
    out = tmp_path / "r.jsonl"
    launcher = ["-m", "accelerate.commands.launch", "--config_file", "recipes/accelerate/cpu2.yaml"]
    code, said = evaluate(out, launcher=launcher)
    assert code == 0, said
    assert next(read_rows(out))["made_by"]["device"] == "2 × cpu"
    assert samples(out) == samples(whole)
    assert said.count("Shares in %") == 1


def test_thinking_ends_at_its_budget(whole):
    rows = [row for row in read_rows(whole) if row.get("decode") in ("think-0", "think-6")]
    forced = [row for row in rows if row["forced"]]
    assert forced
    for row in forced:
        thinking = row["response"].split("</think>")[0].removeprefix("<think>")
        assert row["think_tokens"] <= int(row["decode"].removeprefix("think-"))
        assert row["response"].count("</think><answer>") == 1, thinking
    assert all(row["format"] for row in forced if row["finished"])
    assert {row["think_tokens"] for row in rows if row["decode"] == "think-0"} == {0}


@pytest.mark.parametrize(
    ("text", "forced"),
    [
        ("<think>1+1", "</think><answer>"), ("<think>1</thi", "nk><answer>"), ("<think>1</think>", ""),
        ("<think>1</think><answer>2", ""), ("", "<think></think><answer>"), ("well, 1+1", "<answer>"),
        ("so <ans", "wer>"), ("<think></think", "><answer>"), ("<think>a <", "/think><answer>"),
    ],
)  # fmt: skip
def test_what_ends_thinking(text, forced):
    assert words(text, Tags()) == forced


def test_another_chat_template_is_another_measurement(whole, tmp_path):
    """lighteval never fills the hash of the full prompt: every run has that of the empty text."""
    model = tmp_path / "model"
    shutil.copytree(TINY_FOLDER, model)
    template = model / "chat_template.jinja"
    template.write_text(template.read_text().replace("<|assistant|>{% endif %}", "<|assistant|><think>{% endif %}"))
    out = tmp_path / "r.jsonl"
    code, said = evaluate(out, model=str(model))
    assert code == 0, said
    prompts = [{s.problem: s.prompt for s in read_records(file).samples} for file in (whole, out)]
    assert len(set(prompts[0].values())) == len(prompts[0]) == 50
    assert not set(prompts[0].values()) & set(prompts[1].values())
    with pytest.raises(RunError, match="the prompts of 50 problems are rendered differently"):
        compare(read_records(whole), read_records(out))
    assert all(row["response"].startswith("<think>") for row in list(read_rows(out))[1:])
    forced = [row for row in read_rows(out) if row.get("decode") == "think-0" and row["forced"]]
    assert len(forced) == 40
    assert all(row["response"].startswith("<think></think><answer>") for row in forced)


def test_a_second_measurement_at_once_and_another_recipe_are_refused(whole):
    before = whole.read_bytes()
    code, said = evaluate(whole, "eval.samples=3")
    assert code == 2
    assert_error(
        said, f"{whole}: holds another measurement: decodings differs (samples '2' then, '3' now)", "move it away"
    )
    assert whole.read_bytes() == before


def test_edited_records_are_refused_before_anything_is_sampled(whole, tmp_path):
    out = tmp_path / "r.jsonl"
    out.write_bytes(whole.read_bytes().replace(b'"status": "wrong"', b'"status": "correct"', 1))
    code, said = evaluate(out)
    assert code == 2
    assert_error(said, "was changed after it was recorded")


def test_exit_codes_are_kept_with_config_and_one_process_speaks(whole, tmp_path):
    code = "import sys; from verigrad.cli import main; sys.argv = ['verigrad', 'eval', *sys.argv[1:]]; main()"
    arguments = [*command(whole, "eval.samples=3")[2:], "--config=recipes/accelerate/cpu2.yaml"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=environment(), capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("error: ") == 1, done.stderr


def test_a_model_that_never_ends_is_cut_and_counted(tmp_path):
    out = tmp_path / "r.jsonl"
    code, said = evaluate(out, "max_response_tokens=7", "eval.think_budgets=[6]")
    assert code == 0, said
    assert sum(not s.finished for s in read_records(out).samples) > 40


def test_rewards_that_fail_are_unscored_and_measured_again(tmp_path):
    out = tmp_path / "r.jsonl"
    (tmp_path / "flaky.py").write_text(
        "import os\nfrom verigrad_rewards.types import Status, Verdict\n"
        "def flaky(problem, response):\n"
        "    if not response.text.startswith('<think>worked') and not os.path.exists(os.environ['MENDED']):\n"
        "        raise RuntimeError('no judge')\n"
        "    return Verdict(1.0, Status.CORRECT)\n"
        "from verigrad.tasks.types import Task\nfrom verigrad.tasks import chain_sum\n"
        "TASK = Task('chain_sum', chain_sum.load, 'flaky:flaky')\n"
    )
    env = {"MENDED": str(tmp_path / "mended"), "PYTHONPATH": f"src:rewards:{tmp_path}"}

    def run():
        arguments = command(out, "tasks=[{name: 'flaky:TASK'}]", "eval.think_budgets=[]")
        done = subprocess.run(
            [sys.executable, *arguments], env={**environment(), **env}, capture_output=True, text=True
        )
        return done.returncode, done.stdout + done.stderr

    code, said = run()
    assert code == 1
    assert_error(
        said, f"{out}: 150 of 150 responses could not be scored (the first:", "no judge", "measures them again"
    )
    (tmp_path / "mended").touch()
    code, said = run()
    assert code == 0, said
    assert {s.status for s in read_records(out).samples} == {"correct"}


def test_a_run_is_measured_before_and_after_and_compared(problems, tmp_path):
    from runs import SMALL as SHORT
    from runs import recipe

    folder = tmp_path / "run"
    (code,) = finish(start(recipe(problems, folder, *SHORT), tmp_path / "log"))
    assert code == 0, (tmp_path / "log").read_text()
    cli = [sys.executable, "-c", "from verigrad.cli import main; main()"]

    def verigrad(*arguments):
        done = subprocess.run([*cli, *arguments], env=environment(), capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    code, said = verigrad("eval", str(folder), "eval.problems=8", "eval.ood_problems=0")
    assert code == 0, said
    assert "on 8 held-out problems" in said
    code, said = verigrad("compare", str(folder / "eval" / "before.jsonl"), str(folder))
    assert code == 0, said
    assert "Paired differences" in said
    rows = list(read_rows(folder / "eval" / "after.jsonl"))
    assert rows[0]["measured"]["model"] == str(folder / "model")
    assert json.loads(json.dumps(rows[1]))["problem"].startswith("jsonl/held_out/")
    before = (folder / "eval" / "after.jsonl").read_bytes()
    moved = tmp_path / "moved"
    folder.rename(moved)
    code, said = verigrad("eval", str(moved), "eval.problems=8", "eval.ood_problems=0")
    assert code == 0, said
    assert (moved / "eval" / "after.jsonl").read_bytes() == before, "what moved was measured again"
    folder = moved
    code, said = verigrad("eval", str(folder), "eval.problems=8", "eval.ood_problems=0", "instruction=Add.")
    assert code == 2
    assert_error(said, "before.jsonl: holds another measurement: prompts differs", "choose another place with --out")
    train = f"eval.tasks=[{{name: jsonl, options: {{path: {problems}/train.jsonl, held_out: {problems}/train.jsonl}}}}]"
    code, said = verigrad("eval", str(folder), train, f"--out={tmp_path}/trained")
    assert code == 2
    assert_error(said, "of a train and a held-out problem that are the same")
    code, said = verigrad("eval", str(folder), "seed=7")
    assert code == 2
    assert_error(said, "override seed: decides the training, not a measurement; allowed are eval.… (such as eval.seed)")
    code, said = verigrad("compare", str(folder), str(tmp_path))
    assert code == 2
    assert_error(said, "has no records of a trained model")
