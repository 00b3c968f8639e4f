import subprocess
import sys

import pytest


def verigrad(*arguments):
    code = "from verigrad.cli import main; main()"
    env = {"PYTHONPATH": "src:rewards", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=env)


def test_help_needs_no_torch():
    code = "import sys, verigrad.cli; print([m for m in ('torch', 'trl', 'transformers') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "src:rewards"}
    )
    assert done.stdout.strip() == "[]", done.stderr
    assert "report" in verigrad("--help").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "none.yaml"], "none.yaml: no such recipe"),
        (["report", "/nonexistent"], "is no run folder"),
        (["grade", "/nonexistent/x.jsonl"], "no such file"),
        (["check", "recipes/tiny/grpo.yaml", "group_sise=4"], "Did you mean 'group_size'?"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(arguments, said):
    done = verigrad(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_check_passes_the_demo_recipe():
    done = verigrad("check", "recipes/tiny/grpo.yaml", "max_steps=2")
    assert done.returncode == 0, done.stderr
    assert "every gold answer looked at earns 1" in done.stdout
