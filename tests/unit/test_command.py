import subprocess
import sys

import pytest

from verigrad.cli import main


@pytest.fixture
def verigrad(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["verigrad", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return run


def test_help_needs_no_torch():
    code = "import sys, verigrad.cli as c; print([m for m in ('torch', 'trl') if m in sys.modules]); c.app(['--help'])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "src:rewards"}
    )
    assert done.stdout.startswith("[]"), done.stderr
    assert "report" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "none.yaml"], "none.yaml: no such recipe"),
        (["report", "/nonexistent"], "is no run folder"),
        (["grade", "/nonexistent/x.jsonl"], "no such file"),
        (["check", "recipes/tiny/grpo.yaml", "group_sise=4"], "Did you mean 'group_size'?"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(verigrad, arguments, said):
    code, _, errors = verigrad(*arguments)
    assert code == 2
    assert said in errors
    assert errors.count("\n") == 1


def test_check_passes_the_demo_recipe(verigrad):
    code, out, errors = verigrad("check", "recipes/tiny/grpo.yaml", "max_steps=2")
    assert not code, errors
    assert "every gold answer looked at earns 1" in out


def test_workers_that_do_not_start_are_one_line_and_exit_code_1(verigrad, monkeypatch, tmp_path):
    monkeypatch.setattr("verigrad_rewards.worker.COMMAND", "raise SystemExit(3)")
    (tmp_path / "r.jsonl").write_text('{"gold": "42", "response": "<answer>42</answer>"}\n')
    code, _, errors = verigrad("grade", str(tmp_path / "r.jsonl"))
    assert code == 1
    assert errors.startswith("error: a scoring worker did not start")
    assert errors.count("\n") == 1
