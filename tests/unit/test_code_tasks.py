import builtins
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from verigrad.tasks import TASKS, humaneval, mbpp
from verigrad.tasks.types import Split
from verigrad_rewards import ProblemError, Response, Status
from verigrad_rewards.code import code_tests
from verigrad_rewards.code.source import read_source

HUMANEVAL = Path(__file__).parents[3] / "shared" / "data" / "humaneval.jsonl.gz"

# a row in the shape of HumanEval/38: the check calls a helper that only the prompt defines
PROMPT = '''import string


def shout(text: str) -> str:
    """ Return text in capitals. """
    return text.upper()


def whisper(text: str) -> str:
    """ Undo shout,
    without looking at it.
    >>> whisper('AB')
    'ab'
    """
'''
SOLUTION = "    return text.lower()\n"
CHECK = "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(shout('ab')) == 'ab'\n\n"


def completion(**changes):
    row = {"task_id": "HumanEval/0", "prompt": PROMPT, "entry_point": "whisper", "canonical_solution": SOLUTION}
    return row | {"test": CHECK} | changes


def renamed(name):
    return completion(
        prompt=f'def {name}(x):\n    """Return x."""\n',
        canonical_solution="    return x\n",
        test="def check(candidate):\n    assert candidate(1) == 1\n",
        entry_point=name,
    )


# rows in the shape of the hub's full configuration
DOUBLE = {
    "task_id": 601,
    "text": "Write a function to double a number.",
    "code": "def twice(x): \r\n\treturn 2 * x",
    "test_list": ["assert twice(1) == 2", "assert twice(-3)==-6 "],
    "test_setup_code": "",
    "challenge_test_list": ["assert twice(10**9) == 2 * 10**9"],
}


def short(number):
    return DOUBLE | {"text": f"Write a function to add {number}."}


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def load(task, split, **options):
    return TASKS[task].load(Split(split), 0, None, **options)


def said(task, rows, tmp_path, split="held_out"):
    with pytest.raises(ProblemError) as caught:
        load(task, split, path=write(tmp_path / "p.jsonl", rows))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_humaneval_asks_for_the_function_and_tests_it_beside_its_prompt(tmp_path):
    (problem,) = load("humaneval", "held_out", path=write(tmp_path / "h.jsonl", [completion()]))
    assert problem.id == "humaneval/held_out/0"
    assert problem.question.startswith("Complete the function `whisper` and give it whole; ")
    assert problem.question.endswith(f".\n\n```python\n{PROMPT.strip()}\n```")
    assert problem.info["entry_point"] == "whisper"
    assert problem.info["prelude"] == PROMPT
    assert problem.info["tests"] == [{"code": CHECK, "setup": PROMPT}]
    solution = humaneval.solve(problem)
    assert solution.think == "Undo shout, without looking at it."
    assert solution.answer == PROMPT + SOLUTION


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test": None}, "p.jsonl:1: field 'test' is None"),
        ({"prompt": "def whisper(text:\n"}, "p.jsonl:1: field 'prompt' is not Python: '(' was never closed in line 1"),
        ({"entry_point": "murmur"}, "p.jsonl:1: entry_point is 'murmur'; allowed is a function of the prompt, which defines shout, whisper"),
        ({"canonical_solution": "return text"}, "p.jsonl:1: field 'canonical_solution' is not Python: 'return' outside function"),
        ({"test": "assert candidate('A') == 'a'"}, "p.jsonl:1: test is \"assert candidate('A') == 'a'\"; allowed is a function check"),
        ({"test": "def check(candidate):\n    pass"}, "allowed is a function check(candidate) with asserts"),
    ],
)  # fmt: skip
def test_bad_humaneval_rows_are_named_by_line(tmp_path, changes, message):
    assert message in said("humaneval", [completion(**changes)], tmp_path)


def test_all_of_humaneval_is_held_out_and_nothing_of_it_is_trained_on(tmp_path):
    path = write(tmp_path / "h.jsonl", [renamed(f"f{i}") for i in range(30)])
    held_out = load("humaneval", "held_out", path=path)
    assert len(held_out) == 30
    assert held_out == TASKS["humaneval"].load(Split.HELD_OUT, 7, None, path=path)
    assert load("humaneval", "ood", path=path) == []
    with pytest.raises(ProblemError, match="^humaneval: has no train problems, .* name it as options.train$"):
        load("humaneval", "train", path=path)
    own = write(tmp_path / "own.jsonl", [renamed(f"f{i}") for i in range(28, 33)])
    train = load("humaneval", "train", path=path, train=own)
    assert sorted(p.info["entry_point"] for p in train) == ["f30", "f31", "f32"]
    with pytest.raises(ProblemError, match="h.jsonl has no problem that is not held out"):
        load("humaneval", "train", path=path, train=path)


@pytest.mark.skipif(not HUMANEVAL.is_file(), reason="the shared data is not beside this checkout")
def test_real_humaneval_rows_bring_every_name_that_their_checks_need():
    problems = load("humaneval", "held_out", path=str(HUMANEVAL))
    assert len(problems) == 164
    helped = set()
    for problem in problems:
        (test,) = problem.info["tests"]
        setup = read_source(test["setup"], problem.id, "setup")
        needed = read_source(test["code"], problem.id, "code").needs - set(dir(builtins))
        assert needed <= setup.binds
        helped |= needed - {problem.info["entry_point"]}
        solution = humaneval.solve(problem)
        assert problem.info["entry_point"] in read_source(solution.answer, problem.id, "solution").functions
        assert solution.think
        assert solution.answer not in problem.question
        assert test["code"].strip() not in problem.question
    assert helped == {"poly", "encode_cyclic", "encode_shift"}


def test_mbpp_asks_with_the_signature_and_keeps_the_asserts_hidden():
    problem = mbpp.to_problem(DOUBLE, "here", "mbpp/train/0")
    assert problem is not None
    assert problem.question == "Write a function to double a number.\nWrite the function `twice(x)`."
    assert problem.info["entry_point"] == "twice"
    assert problem.info["tests"] == [{"code": test, "setup": ""} for test in DOUBLE["test_list"]]
    assert "prelude" not in problem.info
    solution = mbpp.solve(problem)
    assert solution.think == "Write a function to double a number."
    assert solution.answer == "def twice(x): \n\treturn 2 * x"


def test_mbpp_reads_the_sanitized_rows_too():
    row = {
        "source_file": "a.ipynb", "task_id": 2, "prompt": "Write a function to find a root.",
        "code": "def root(x, /, eps=1e-9, *more, **rest):\n return x ** 0.5", "test_imports": ["import math"],
        "test_list": ["assert math.isclose(root(4), 2)"],
    }  # fmt: skip
    problem = mbpp.to_problem(row, "here", "mbpp/train/0")
    assert problem is not None
    assert problem.question.endswith("\nWrite the function `root(x, /, eps=1e-09, *more, **rest)`.")
    assert problem.info["tests"] == [{"code": "assert math.isclose(root(4), 2)", "setup": "import math\n"}]


@pytest.mark.parametrize(
    ("code", "tests", "setup", "entry_point"),
    [
        ("def helper(x): return x\ndef f(x): return helper(x)", ["assert f(1) == 1"], "", "f"),
        ("def f(x): return x", ["assert set(f([1])) == set([1])"], "", "f"),
        ("def sum(a, b): return a + b", ["assert sum(1, 2) == 3"], "", "sum"),
        ("def f(x): return x", ["assert list(map(f, [1])) == [1]"], "", "f"),
        ("v = 3\ndef f(x): return x", ["assert [f(v) for v in (1, 2)] == [1, 2]"], "", "f"),
        ("import math\ndef f(x): return x", ["assert math.isclose(f(1), 1)"], "import math", "f"),
        ("import re\ndef f(x): return re.sub('\\d', '', x)", ["assert f('a1') == 'a'"], "", "f"),
        ("def f(x): return 0\ndef f(x): return x", ["assert f(2) == 1, 0"], "", "f"),
        # mbpp 601 and 367
        ("class Pair: ...\ndef f(x): return x", ["assert f([Pair(1, 2)]) == 1"], "", None),
        (
            "class Node: ...\ndef f(x): return x",
            ["assert f(root) == 1"],
            "root = Node(1) \r\nroot.left = Node(2)",
            None,
        ),
        ("def g(x): return x\ndef f(x): return x", ["assert f(g(1)) == 1"], "", None),
        ("def g(x): return x\ndef f(x): return x", ["assert f(1) == 1", "assert g(1) == 1"], "", None),
        ("import math\ndef f(x): return x", ["assert f(math.pi) == math.pi"], "", None),
    ],
)
def test_mbpp_rows_whose_tests_take_more_than_the_function_are_left_out(code, tests, setup, entry_point):
    row = DOUBLE | {"code": code, "test_list": tests, "test_setup_code": setup}
    problem = mbpp.to_problem(row, "here", "mbpp/train/0")
    assert (problem and problem.info["entry_point"]) == entry_point


@pytest.mark.filterwarnings("error")
def test_bad_style_in_a_row_is_no_warning():
    assert read_source(r"x = '\d'", "here", "code").binds == {"x"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": ""}, "p.jsonl:1: field 'text' is ''"),
        ({"code": None}, "p.jsonl:1: field 'code' is None"),
        ({"code": "def twice(x) return x"}, "p.jsonl:1: field 'code' is not Python: expected ':' in line 1"),
        ({"code": "twice = abs"}, "p.jsonl:1: test_list calls no function that code defines; code defines none"),
        ({"code": "def two(x): return x"}, "code defines two"),
        ({"code": "class A:\n def twice(self): return 1"}, "calls no function that code defines"),
        ({"test_list": []}, "p.jsonl:1: found no tests; field 'test_list' needs at least one assert"),
        ({"test_list": "assert twice(1) == 2"}, "p.jsonl:1: field 'test_list' is 'assert twice(1) == 2'; allowed is a list of texts"),
        ({"test_list": ["twice(1) == 2"]}, "p.jsonl:1: field 'test_list' holds 'twice(1) == 2'; allowed are asserts"),
        ({"test_list": ["assert twice(1"]}, "p.jsonl:1: field 'test_list' is not Python: '(' was never closed"),
        ({"test_imports": "import math"}, "p.jsonl:1: field 'test_imports' is 'import math'; allowed is a list of texts"),
        ({"test_setup_code": ["x = 1"]}, "p.jsonl:1: field 'test_setup_code' is ['x = 1']; allowed is text"),
        ({"test_setup_code": "x ="}, "p.jsonl:1: field 'test_setup_code' is not Python: invalid syntax in line 1"),
    ],
)  # fmt: skip
def test_bad_mbpp_rows_are_named_by_line(tmp_path, changes, message):
    assert message in said("mbpp", [DOUBLE | changes], tmp_path)


def test_an_mbpp_file_is_split_by_question(tmp_path):
    tree = DOUBLE | {"code": "class Node: ...\n" + DOUBLE["code"], "test_list": ["assert twice(Node()) == 2"]}
    path = write(tmp_path / "m.jsonl", [*(short(i) for i in range(100)), short(0), tree])
    train, held_out = load("mbpp", "train", path=path), load("mbpp", "held_out", path=path)
    assert len(train) + len(held_out) == 100
    assert not {p.question for p in train} & {p.question for p in held_out}
    assert 5 < len(held_out) < 40
    assert held_out == TASKS["mbpp"].load(Split.HELD_OUT, 3, None, path=path)
    assert load("mbpp", "ood", path=path) == []


WORD_PROBLEM = {"question": "1+1?", "answer": "2\n#### 2"}


@pytest.mark.parametrize(
    ("task", "split", "row", "asked"),
    [
        ("gsm8k", "train", WORD_PROBLEM, ("openai/gsm8k", "main", "train")),
        ("gsm8k", "held_out", WORD_PROBLEM, ("openai/gsm8k", "main", "test")),
        ("humaneval", "held_out", completion(), ("openai/openai_humaneval", "openai_humaneval", "test")),
        ("mbpp", "train", DOUBLE, ("google-research-datasets/mbpp", "full", "train")),
        ("mbpp", "held_out", DOUBLE, ("google-research-datasets/mbpp", "full", "test")),
    ],
)
def test_hub_splits(monkeypatch, task, split, row, asked):
    calls = []

    def load_dataset(hub, config, *, split):
        calls.append((hub, config, split))
        return [row]

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    assert [p.id for p in load(task, split)] == [f"{task}/{split}/0"]
    assert calls == [asked]


@pytest.mark.parametrize("task", ["gsm8k", "humaneval", "mbpp"])
def test_a_hub_that_cannot_be_had_is_one_line(monkeypatch, task):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ProblemError, match=f"^{task}: reading .* needs 'pip install verigrad\\[train\\]'"):
        load(task, "held_out")

    def load_dataset(*_, **__):
        raise ConnectionError("no network\nand more")

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    with pytest.raises(ProblemError, match=f"^{task}: .* cannot be loaded \\(no network\\); give a local file"):
        load(task, "held_out")


def judged(problem, program):
    answer = f"<think>so</think><answer>\n```python\n{program}\n```\n</answer>"
    return code_tests(problem, Response(answer)).status


def test_the_sandbox_decides_what_a_response_earns(tmp_path):
    (whisper,) = load("humaneval", "held_out", path=write(tmp_path / "h.jsonl", [completion()]))
    assert judged(whisper, humaneval.solve(whisper).answer) is Status.CORRECT
    assert judged(whisper, "def whisper(text): return text.swapcase()") is Status.CORRECT
    # the check's helper is the prompt's, whatever the response makes of it
    assert judged(whisper, "def shout(text): return 'ab'\ndef whisper(text): return text") is Status.WRONG
    assert judged(whisper, "x = 1") is Status.WRONG
    twice = mbpp.to_problem(DOUBLE, "here", "mbpp/0")
    assert judged(twice, mbpp.solve(twice).answer) is Status.CORRECT
    assert judged(twice, "def twice(x): return 2 * abs(x)") is Status.WRONG


@pytest.mark.skipif(not HUMANEVAL.is_file(), reason="the shared data is not beside this checkout")
def test_every_real_humaneval_solution_earns_1_and_its_prompt_alone_nothing():
    problems = load("humaneval", "held_out", path=str(HUMANEVAL))
    assert {judged(problem, humaneval.solve(problem).answer) for problem in problems} == {Status.CORRECT}
    assert {judged(problem, "pass") for problem in problems[:20]} == {Status.WRONG}
