import json
import subprocess
import sys

import pytest
from rich.console import Console

from verigrad.archive import write_rollout
from verigrad.cli import main
from verigrad.rollouts import describe

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m[red]not markup[/nope] :smile: \u202egnorw\u2066 half \ud800 \r\nstep 1 · t/1 · correct\n\tx = 1"


def verdict(reward, status, answer="1", detail=""):
    return {"reward": reward, "status": status, "answer": answer, "detail": detail}


def row(problem, status="wrong", reward=0.1, **more):
    return {
        "problem": problem, "task": problem.split("/")[0], "question": f"question of {problem}?", "answer": "42",
        "response": "<think>first this\nthen that</think><answer>41</answer>", "num_tokens": 20, "finished": True,
        "format": True, "reward": reward, "advantage": -0.25, "kept": True,
        "correctness": verdict(float(status == "correct"), status, "41", "41 is not 42"),
        "shaping": {"think_answer": verdict(1.0, "correct", None, "both parts, once each")},
    } | more  # fmt: skip


STEPS = {
    1: [row("sum/1"), row("sum/1", "correct", 1.1), row("code/1", "no_answer", 0.0), row("code/1", "timeout", 0.0)],
    2: [row("sum/2", reward=None), row("sum/2", "unscored", None), row("sum/2", "correct", 1.1, kept=False)],
}


@pytest.fixture
def run(tmp_path):
    (tmp_path / "recipe.yaml").write_text("model: x\nformat:\n  think_tag: think\n")
    for step, rows in STEPS.items():
        write_rollout(tmp_path, step, rows)
    return tmp_path


@pytest.fixture
def rollouts(monkeypatch, capsys):
    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["verigrad", "rollouts", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return command


def cells(out, step):
    (found,) = [line for line in out.splitlines() if line.startswith("│") and line.split("│")[1].strip() == str(step)]
    return [cell.strip() for cell in found.split("│")[1:-1]]


def test_without_a_question_there_is_a_line_per_step(run, rollouts):
    code, out, _ = rollouts(run)
    assert not code
    # step, responses, correct, wrong, no answer, timeout, unscored, reward, groups without signal, tokens
    assert cells(out, 1) == ["1", "4", "1", "1", "1", "1", "0", "0.300", "1 of 2", "20"]
    assert cells(out, 2) == ["2", "3, 2 kept", "1", "0", "0", "0", "2", "1.100", "2 of 2", "20"]


def test_the_table_shows_the_last_steps(run, rollouts):
    for step in range(3, 31):
        write_rollout(run, step, STEPS[1])
    _, out, _ = rollouts(run)
    assert (cells(out, 11)[0], cells(out, 30)[0]) == ("11", "30")
    assert "│   10 │" not in out
    assert "the last 20 of 30 steps; --limit 30 shows all" in out
    assert "the last 2 of 30 steps" in rollouts(run, "--limit", 2)[1]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--step", 1], STEPS[1]),
        (["--status", "correct"], [STEPS[1][1], STEPS[2][2]]),
        (["--status", "unscored"], STEPS[2][:2]),  # one unscored part leaves the response unscored
        (["--task", "code"], STEPS[1][2:]),
        (["--task", "code", "--limit", 1], STEPS[1][2:3]),
        (["--problem", "sum/1", "--status", "wrong"], STEPS[1][:1]),
        (["--problem", "sum/9"], []),
        ([], [*STEPS[1], *STEPS[2]]),
        (["--limit", 5], [*STEPS[1], *STEPS[2][:1]]),
    ],
)
def test_the_rollouts_asked_for(run, rollouts, options, found):
    code, out, _ = rollouts(run, *options, "--json")
    assert not code
    lines = [json.loads(line) for line in out.splitlines()]
    assert [{k: v for k, v in line.items() if k != "step"} for line in lines] == found
    if options and options != ["--limit", 5]:
        code, out, _ = rollouts(run, *options)
        assert out.count("\nresponse\n") == len(found)
        assert ("no response matches" in out) == (not found)


def test_a_rollout_is_shown_with_all_that_was_decided(run, rollouts):
    write_rollout(run, 3, [row("sum/7", finished=False, kept=False, scored={"reason": "scored late"})])
    _, out, _ = rollouts(run, "--step", 3)
    assert out == (
        "step 3 · sum/7 · wrong\n"
        "question       question of sum/7?\n"
        "response\n"
        "  │ <think>first this\n"
        "  │ then that</think><answer>41</answer>\n"
        "gold answer    42\n"
        "read           41\n"
        "correctness    wrong, reward 0: 41 is not 42\n"
        "shaping think_answer correct, reward 1: both parts, once each\n"
        "reward         0.1, advantage -0.25\n"
        "tokens         20, cut at the limit\n"
        "in the update  no, its group was replaced\n"
        "format         true\n"
        'scored         {"reason": "scored late"}\n'
        "\n"
    )


def test_hostile_text_stays_text(run, rollouts):
    said = verdict(0.0, "wrong", HOSTILE, HOSTILE)
    hostile = row(
        f"t/{HOSTILE}", task="t", question=HOSTILE, answer=HOSTILE, response=HOSTILE, correctness=said,
        shaping={HOSTILE: said}, scored=[HOSTILE],
    )  # fmt: skip
    write_rollout(run, 3, [hostile])
    code, out, errors = rollouts(run, "--step", 3)
    assert not code, errors
    out.encode("utf-8")
    assert [c for c in out if not c.isprintable() and c != "\n"] == []
    assert "[red]not markup[/nope] :smile:" in out
    assert "  │     x = 1" in out
    assert [line for line in out.splitlines() if line.startswith("step 1")] == []
    code, out, _ = rollouts(run, "--step", 3, "--json")
    assert out.isascii()
    assert json.loads(out) == {"step": 3, **hostile}


@pytest.mark.parametrize(
    ("response", "dim"),
    [
        ("<think>a\nb</think>c", "<think>a\n  │ b</think>"),
        ("a</think>c", "  │ a</think>"),  # the template opened it
        ("x<think>a\nb", "<think>a\n  │ b"),
        ("<answer>1</answer>", ""),
        ("</think><think>a", "<think>a"),
    ],
)
def test_thinking_is_dimmed(response, dim):
    text = describe({"step": 1, **row("sum/1", response=response)}, "think")
    assert "".join(text.plain[s.start : s.end] for s in text.spans if s.style == "dim") == dim
    console = Console(force_terminal=True, color_system="standard", width=40)
    with console.capture() as shown:
        console.print(text, soft_wrap=True)
    assert ("\x1b[2m" in shown.get()) == bool(dim)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--status", "rong"], "--status: 'rong' is unknown; allowed are correct, wrong, no_answer, timeout, unscored"),
        (["--step", "7"], "has no rollouts of step 7; there are 1, 2"),
        (["--limit", "0"], "--limit: 0 is too small; allowed is 1 or more"),
    ],
)
def test_a_wrong_question_is_one_line(run, rollouts, options, said):
    code, out, errors = rollouts(run, *options)
    assert (code, out, errors.count("\n")) == (2, "", 1)
    assert said in errors


def test_what_has_no_rollouts_is_one_line(tmp_path, rollouts):
    code, _, errors = rollouts(tmp_path)
    assert (code, errors) == (2, f"error: {tmp_path}: is no run folder (it has no recipe.yaml); training makes one\n")
    (tmp_path / "recipe.yaml").write_text("model: x\n")
    code, _, errors = rollouts(tmp_path)
    assert (code, errors.count("\n")) == (2, 1)
    assert "has no rollouts" in errors


def test_a_damaged_file_is_one_line(run, rollouts):
    file = run / "rollouts" / "step-000002.jsonl.gz"
    file.write_bytes(file.read_bytes()[:-9])
    code, _, errors = rollouts(run)
    assert (code, errors.count("\n")) == (2, 1)
    assert f"{file}: damaged" in errors
    assert rollouts(run, "--step", 1)[0] == 0


def test_rollouts_need_no_torch(run):
    code = "import sys, verigrad.cli as c; sys.argv[1:] = ['rollouts', sys.argv[1]]\ntry: c.main()\nfinally: print([m for m in ('torch', 'trl', 'transformers') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(run)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": "src:rewards", "PYTHONUTF8": "1"},
    )
    assert done.stdout.endswith("[]\n"), done.stderr
