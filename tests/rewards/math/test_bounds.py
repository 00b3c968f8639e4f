"""What takes a careless verifier long, or its memory, takes this one milliseconds."""

import subprocess
import sys
import threading
import time

import pytest

from verigrad_rewards import Problem, Response
from verigrad_rewards.math import SOURCES, countdown, equivalent, math_answer, verify

PIECES = [
    "</think>", "<think>", "<answer>x</answer>", "<answer></think>", "answer is 5\n", "answer", "\\text{", "\\frac{",
    "\\boxed{1}, ", "box{", "１", "\n", "\t", "A:\t", "$", "1,234", "1/", " million", "**", "}", "&", "or ", "-1", "<answer>",
    "1,", "\\boxed{", "9", " ", "#### 1\n", "(", "-", "\\sqrt", "^", "x^", "!", "|", "\\begin{pmatrix}", "C(", "{", "_", "'", "not ",
    "a", ".", "= 5", "a.\n",
]  # fmt: skip
EXPENSIVE = [
    "9^{9^{9^{9^9}}}", "9^{9^{9}}!", "((((9!)!)!)!)!", r"\binom{10^{9}}{10^{8}}", r"\sum_{k=1}^{10^{12}} \frac{1}{k}",
    r"\sum_{i=1}^{999}\sum_{j=1}^{999}\sum_{k=1}^{999} ijk", r"\prod_{k=1}^{999} k!", "x=5" * 800, r"\hat{i} \hat{i} _{16}", "mod(4)", "sin(1,2)", "max()", "binom(1)", "242!i!!e!", r"\sum_{k=1}^{9}" * 30 + "k", r"\sum_{k=1}^{999}(" + "+".join(f"k^{n}" for n in range(400)) + ")", r"\int_0^1 x^x dx", "(x+y+z)^{5000}",
    "(x+y)^{99999}(x-y)^{99999}", "1e999999999", "1e5000", "2^{-10^{9}}", r"\sin(10^{10^{10}})", r"\sqrt[10^9]{2}", r"\Gamma(10^{9})",
    r"\log\log\log\log\log\log 10", "(10^4)!", "3000!", "800!^{800}", r"e^{e^{e^{e^{e}}}}", r"\cos(" * 30 + "1" + ")" * 30, "C(" * 40 + "1" + ")" * 40,
    "f(" * 40 + "x" + ")" * 40, "x^" * 90 + "x", r"\sqrt{" * 30 + "2" + "}" * 30, "+".join(f"sin({k}x)" for k in range(300)),
    "+".join(f"1/{k}" for k in range(1, 700)), "*".join(f"(x+{k})" for k in range(300)), ",".join(f"sqrt({k})" for k in range(400)),
    r"\{" + ",".join(f"sin({k})" for k in range(200)) + r"\}", "x_{" * 300 + "}" * 300, r"\frac{1}{1+" * 25 + "1" + "}" * 25, "0." + "9" * 3900,
    r"\gcd(10^{99},10^{98})", "7^{7^{7}} \\bmod 10", r"\arctan(10^{300})", "n!!!!!!!", "[" * 90 + "]" * 90, "|" * 500,
    "10^{-400}\\sqrt{2}", r"(1+10^{-100})^{10^{100}}", r"\tan(\frac{\pi}{2})", "-" * 3000 + "1", "2" + "!" * 1000,
    "2 " + "," * 1900 + "!", "5 only" + "\t" * 3900 + "!", "5" + " " * 1300 + ", i.e. " + " " * 1300 + "((",
]  # fmt: skip
GOLDS = [r"\sqrt{2}", "x^2+1", r"\{1,2\}", "[0,1)", "x=5", "C"]


@pytest.mark.parametrize("piece", PIECES)
def test_a_megabyte_takes_milliseconds(piece):
    text = piece * (1_000_000 // len(piece))
    problem = Problem("c/1", "q", "42", {"numbers": [1, 2], "target": 3})
    for said in (text, f"<answer>{text}</answer>"):
        spent = []
        for _ in range(2):
            started = time.process_time()
            math_answer(problem, Response(said), sources=SOURCES)
            countdown(problem, Response(said))
            spent.append(time.process_time() - started)
        assert min(spent) < 0.3


@pytest.mark.parametrize("answer", EXPENSIVE)
def test_expensive_answers_are_judged_at_once_and_wrong(answer):
    for gold in GOLDS:
        started = time.process_time()
        verdict = verify(f"<answer>{answer}</answer>", gold)
        assert time.process_time() - started < 1
        assert verdict.reward == 0
    started = time.process_time()
    equivalent(answer, f"{answer}+1")
    equivalent(f"({answer})/3", f"({answer})*3")
    assert time.process_time() - started < 1


def test_threads_do_not_disturb_each_other():
    pairs = [(rf"\sqrt{{{n}}}", rf"{n}^{{1/2}}", rf"\sqrt{{{n + 1}}}") for n in range(2, 40)]
    failures = []

    def work():
        failures.extend(p for p in pairs if not equivalent(p[0], p[1]) or equivalent(p[0], p[2]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_caller_deep_in_calls_gets_a_verdict():
    def dive(depth):
        return dive(depth - 1) if depth else verify(r"\boxed{" + "(" * 40 + "42" + ")" * 40 + "}", "42").status

    assert str(dive(sys.getrecursionlimit() - 300)) in ("correct", "wrong")


def test_the_import_brings_neither_torch_nor_sympy():
    code = "import sys, verigrad_rewards.math; print(*{'torch', 'sympy', 'mpmath'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""
