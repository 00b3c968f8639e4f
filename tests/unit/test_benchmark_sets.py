import json
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from verigrad.errors import RecipeError
from verigrad.recipe.sections import TaskUse
from verigrad.tasks import TASKS
from verigrad.tasks.mix import load_task
from verigrad.tasks.types import Split
from verigrad_rewards import ProblemError, Response, Status
from verigrad_rewards.math import math_answer

DATA = Path(__file__).parents[3] / "shared" / "data"

MATH500 = {
    "problem": "Find the roots of $x^2 = 2x + 2$.", "solution": r"They are $\boxed{1 \pm \sqrt{3}}$.",
    "answer": r"1 \pm \sqrt{3}", "subject": "Algebra", "level": 3, "unique_id": "test/algebra/0.json",
}  # fmt: skip
AIME24 = {
    "id": 7, "problem": "Find the remainder when $5^2$ is divided by $1000$.", "solution": "It is 25.", "answer": "025",
    "url": "https://example.org", "year": "2024",
}  # fmt: skip
AIME25 = {"problem": "Find $8 \\cdot 9$.", "answer": "72", "id": "0"}
SVAMP = {
    "ID": "chal-0", "Body": "Ann has 4 boxes of 6 pens.", "Question": "How many pens has she got?",
    "Equation": "( 4.0 * 6.0 )", "Answer": "24", "Type": "Multiplication",
    "question_concat": "Ann has 4 boxes of 6 pens. How many pens has she got?",
}  # fmt: skip
ROWS = {"math500": MATH500, "aime24": AIME24, "aime25": AIME25, "svamp": SVAMP}

WORDS = {"question": "2+2+1?", "answer": "2+2=<<2+2=4>>4\nand <<4+1=5>>5\n#### 5"}
DOUBLE = {
    "text": "Write a function to double a number.", "code": "def twice(x): return 2 * x",
    "test_list": ["assert twice(1) == 2"],
}  # fmt: skip


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def load(task, split="held_out", **options):
    return TASKS[task].load(Split(split), 0, None, **options)


def one(task, row, tmp_path):
    (problem,) = load(task, path=write(tmp_path / "p.jsonl", [row]))
    return problem


def said(task, row, tmp_path):
    with pytest.raises(ProblemError) as caught:
        load(task, path=write(tmp_path / "p.jsonl", [ROWS[task], row]))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def earns(problem, answer):
    return math_answer(problem, Response(f"<think>so</think><answer>{answer}</answer>")).status


@pytest.mark.parametrize("task", ROWS)
def test_a_row_of_every_set_is_a_problem_whose_answer_earns_1(task, tmp_path):
    problem = one(task, ROWS[task], tmp_path)
    assert problem.id == f"{task}/held_out/0"
    assert TASKS[task].reward == "math_answer"
    assert not TASKS[task].generated
    assert earns(problem, problem.answer) is Status.CORRECT
    assert earns(problem, "999") is Status.WRONG


def test_math500_keeps_level_and_subject(tmp_path):
    problem = one("math500", MATH500, tmp_path)
    assert problem.question == MATH500["problem"]
    assert problem.answer == MATH500["answer"]
    assert problem.info == {"level": 3, "subject": "Algebra"}
    assert one("math500", {"problem": "q", "answer": 4}, tmp_path).info == {}


@pytest.mark.parametrize(
    ("answer", "response"),
    [
        (r"\left( 3, \frac{\pi}{2} \right)", r"(3, \pi/2)"),
        (r"\begin{pmatrix} 1 \\ -2 \end{pmatrix}", r"\begin{pmatrix}1\\-2\end{pmatrix}"),
        (r"(-\infty, 2) \cup (3, \infty)", r"(-\infty,2)\cup(3,\infty)"),
        (r"\text{Ada}", "Ada"),
        (r"864 \mbox{ inches}^2", "864"),
        (r"11,\! 111,\! 111", "11111111"),
        (r"\$18.90", "18.9"),
        ("4343_6", "4343_6"),
        (r"\text{(C)}", "C"),
        (r"90^\circ", "90"),
        ("2k+2", "2(k+1)"),
    ],
)
def test_math500_answers_are_latex(tmp_path, answer, response):
    problem = one("math500", MATH500 | {"answer": answer}, tmp_path)
    assert earns(problem, answer) is Status.CORRECT
    assert earns(problem, response) is Status.CORRECT


@pytest.mark.parametrize(
    ("answer", "gold"),
    [("025", "25"), ("000", "0"), (7, "7"), (204.0, "204"), (" 999 ", "999"), (r"$336^\circ$", "336")],
)
def test_aime_answers_are_whole_numbers(tmp_path, answer, gold):
    problem = one("aime24", AIME24 | {"answer": answer}, tmp_path)
    assert problem.answer == gold
    assert earns(problem, f"{int(gold):03}") is Status.CORRECT


@pytest.mark.parametrize(("question", "answer"), [("question", "answer"), ("Problem", "Answer")])
def test_aime_rows_of_other_spellings(tmp_path, question, answer):
    problem = one("aime25", {question: "Find 1+1.", answer: 2}, tmp_path)
    assert (problem.question, problem.answer) == ("Find 1+1.", "2")


@pytest.mark.parametrize(
    ("body", "question", "text"),
    [
        ("Ann has 4 pens.", "How many are hers?", "Ann has 4 pens. How many are hers?"),
        (" Ann has 4 pens. ", " How many are hers? ", "Ann has 4 pens. How many are hers?"),
        (
            "Ann had 4 pens. Then she lost 3",
            "How many are left?",
            "Ann had 4 pens. Then she lost 3. How many are left?",
        ),
        ("Ann has 4 pens. If she buys 3", "How many are hers?", "Ann has 4 pens. If she buys 3, how many are hers?"),
        ("If a pen costs $ 1.50", "What do 2 cost?", "If a pen costs $ 1.50, what do 2 cost?"),
        ("If Ann has 4 pens", "Ann's pens and mine make?", "If Ann has 4 pens, Ann's pens and mine make?"),
    ],
)
def test_svamp_joins_body_and_question(tmp_path, body, question, text):
    assert one("svamp", SVAMP | {"Body": body, "Question": question}, tmp_path).question == text


def test_svamp_rows_of_the_original_file(tmp_path):
    again = {"Body": "Ann has 8 boxes of 3 pens.", "Question": "How many boxes has she got?", "Answer": 8.0}
    other = {"Body": "Ann has 9 pens.", "Question": "How many?", "Answer": 2.5, "Type": "Subtraction"}
    path = tmp_path / "SVAMP.json"
    path.write_text(json.dumps([SVAMP | {"Answer": 24.0}, again, other]))
    first, second, third = sorted(load("svamp", path=str(path)), key=lambda p: p.id)
    assert [p.answer for p in (first, second, third)] == ["24", "8", "2.5"]
    assert first.info["kind"] == "Multiplication"
    assert "kind" not in second.info
    assert "level" not in first.info
    assert first.info["cluster"] == second.info["cluster"] != third.info["cluster"]


@pytest.mark.parametrize(
    ("task", "changes", "message"),
    [
        ("math500", {"problem": ""}, "p.jsonl:2: field 'problem' is ''"),
        ("math500", {"answer": None}, "p.jsonl:2: field 'answer' is None; allowed is text. The row has the fields problem"),
        ("math500", {"answer": r"\frac{1}{"}, r"p.jsonl:2: gold answer '\\frac{1}{' has braces without a partner"),
        ("math500", {"level": [3]}, "p.jsonl:2: field 'level' is '[3]'; allowed is text or a number"),
        ("math500", {"level": True}, "p.jsonl:2: field 'level' is 'True'; allowed is text or a number"),
        ("aime24", {"problem": None}, "p.jsonl:2: field 'problem' is None"),
        ("aime24", {"answer": "1/2"}, "p.jsonl:2: field 'answer' is '1/2'; allowed is a whole number from 0 to 999"),
        ("aime24", {"answer": 1000}, "p.jsonl:2: field 'answer' is '1000'; allowed is a whole number from 0 to 999"),
        ("aime25", {"answer": -1}, "p.jsonl:2: field 'answer' is '-1'; allowed is a whole number from 0 to 999"),
        ("aime25", {"answer": 2.5}, "p.jsonl:2: field 'answer' is '2.5'; allowed is a whole number from 0 to 999"),
        ("svamp", {"Body": " "}, "p.jsonl:2: field 'Body' is ' '"),
        ("svamp", {"Question": None}, "p.jsonl:2: field 'Question' is None"),
        ("svamp", {"Answer": "some"}, "p.jsonl:2: field 'Answer' is 'some'; allowed is a number"),
    ],
)  # fmt: skip
def test_bad_rows_are_named_by_line(tmp_path, task, changes, message):
    assert message in said(task, ROWS[task] | changes, tmp_path)


def numbered(task, numbers):
    field = {"math500": "problem", "aime24": "problem", "aime25": "problem", "svamp": "Question"}[task]
    return [ROWS[task] | {field: f"How many are {i}?"} for i in numbers]


@pytest.mark.parametrize("task", ROWS)
def test_all_of_a_set_is_held_out_and_nothing_of_it_is_trained_on(task, tmp_path):
    path = write(tmp_path / "p.jsonl", numbered(task, range(30)))
    held_out = load(task, path=path)
    assert len(held_out) == 30
    assert held_out == TASKS[task].load(Split.HELD_OUT, 7, None, path=path)
    assert held_out[:4] == TASKS[task].load(Split.HELD_OUT, 0, 4, path=path)
    assert load(task, "ood", path=path) == []
    with pytest.raises(ProblemError, match=f"^{task}: has no train problems, .* name it as options.train$"):
        load(task, "train", path=path)
    train = load(task, "train", path=path, train=write(tmp_path / "own.jsonl", numbered(task, range(28, 33))))
    assert sorted(p.id for p in train) == [f"{task}/train/{i}" for i in (2, 3, 4)]
    with pytest.raises(ProblemError, match=f"^{task}: options.train .*p.jsonl has no problem that is not held out"):
        load(task, "train", path=path, train=path)
    with pytest.raises(RecipeError, match="unknown option 'pat'. Did you mean 'path'. Allowed: path, train, hub$"):
        load_task(TaskUse(task, options={"pat": path}), Split.HELD_OUT, 0, 1)


def fake_hub(monkeypatch, rows):
    calls = []

    def load_dataset(hub, config, *, split):
        calls.append((hub, config, split))
        return rows

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    return calls


@pytest.mark.parametrize(
    ("task", "asked"),
    [
        ("math500", ("HuggingFaceH4/MATH-500", None, "test")),
        ("aime24", ("HuggingFaceH4/aime_2024", None, "train")),
        ("aime25", ("math-ai/aime25", None, "test")),
        ("svamp", ("ChilleD/SVAMP", None, "train+test")),
    ],
)
def test_hub_ids(monkeypatch, task, asked):
    calls = fake_hub(monkeypatch, [ROWS[task]])
    assert [p.id for p in load(task)] == [f"{task}/held_out/0"]
    assert [p.id for p in load(task, hub="me/mine")] == [f"{task}/held_out/0"]
    assert calls == [asked, ("me/mine", *asked[1:])]
    with pytest.raises(ProblemError, match="has no train problems"):
        load(task, "train")
    assert len(calls) == 2


class OddError(Exception):
    """As datasets' DatasetGenerationError and the http client's errors are: neither OSError nor ValueError."""


@pytest.mark.parametrize("task", [*ROWS, "gsm8k", "mbpp"])
@pytest.mark.parametrize("error", [ConnectionError("gone\nand more"), OddError("gone"), RuntimeError("gone")], ids=repr)
def test_a_hub_that_cannot_be_had_is_one_line(monkeypatch, task, error):
    def load_dataset(*_, **__):
        raise error

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    message = f"^{task}: .* cannot be loaded \\(gone\\); give a local file as options.path$"
    with pytest.raises(ProblemError, match=message):
        load(task)
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ProblemError, match=f"^{task}: reading .* needs 'pip install verigrad\\[train\\]'; or give opt"):
        load(task)


def asked(task, numbers):
    field, row = ("question", WORDS) if task == "gsm8k" else ("text", DOUBLE)
    return [row | {field: f"Give {i}."} for i in numbers]


@pytest.mark.parametrize("task", ["gsm8k", "mbpp"])
def test_a_whole_file_can_be_held_out(monkeypatch, task, tmp_path):
    path = write(tmp_path / "train.jsonl", asked(task, range(20)))
    held_out = write(tmp_path / "test.jsonl", asked(task, range(18, 30)))
    assert len(load(task, path=path, held_out=held_out)) == 12
    train = load(task, "train", path=path, held_out=held_out)
    assert len(train) == 20  # the leak gate speaks of the two that are in both
    assert load(task, "ood", path=path, held_out=held_out) == []

    calls = fake_hub(monkeypatch, asked(task, range(16, 20)))
    assert len(load(task, held_out=held_out)) == 12
    assert calls == []
    assert sorted(p.id for p in load(task, "train", held_out=held_out)) == [f"{task}/train/{i}" for i in range(4)]
    assert [split for *_, split in calls] == ["train"]


def test_the_level_of_gsm8k_is_the_number_of_marked_steps(tmp_path):
    path = write(tmp_path / "g.jsonl", [WORDS, {"question": "q", "answer": "It is 5.\n#### 5"}])
    marked, plain = sorted(load("gsm8k", held_out=path), key=lambda p: p.id)
    assert marked.info["level"] == 2
    assert "level" not in plain.info


def test_jsonl_passes_level_and_cluster_on(tmp_path):
    tests = {"tests": [{"args": [1], "expected": 2}], "entry_point": "f"}
    rows = [
        {"question": "a", "answer": 1, "level": 2, "cluster": "s"},
        {"question": "b", "answer": 1, "level": "hard", "cluster": 7},
        {"question": "c", "level": 1.5, "cluster": "t"} | tests,
        {"question": "d", "answer": 1, "level": None, "cluster": ""},
    ]
    path = write(tmp_path / "p.jsonl", rows)
    a, b, c, d = sorted(load("jsonl", path=path, held_out=path), key=lambda p: p.question)
    assert a.info == {"level": 2, "cluster": "s"}
    assert b.info == {"level": "hard", "cluster": "7"}
    assert c.info == tests | {"prelude": "", "level": 1.5, "cluster": "t"}
    assert d.info == {}
    for field in ("level", "cluster"):
        bad = write(tmp_path / "bad.jsonl", [{"question": "a", "answer": 1, field: {"x": 1}}])
        with pytest.raises(ProblemError, match=f"bad.jsonl:1: field '{field}' is \"{{'x': 1}}\"; allowed is text or a"):
            load("jsonl", path=bad, held_out=bad)


def real(name):
    return pytest.mark.skipif(not (DATA / name).is_file(), reason="the shared data is not beside this checkout")


@real("gsm8k_test.jsonl")
def test_all_of_a_real_gsm8k_file_is_held_out():
    problems = load("gsm8k", held_out=str(DATA / "gsm8k_test.jsonl"))
    assert len(problems) == 1319
    assert Counter(p.info.get("level") for p in problems) == {
        None: 18, 1: 65, 2: 357, 3: 364, 4: 290, 5: 138, 6: 57, 7: 21, 8: 9,
    }  # fmt: skip
    assert {earns(p, p.answer) for p in problems} == {Status.CORRECT}


@real("svamp_test.jsonl")
def test_all_of_real_svamp_is_held_out():
    problems = load("svamp", path=str(DATA / "svamp_test.jsonl"))
    assert len(problems) == 1000
    assert len({p.info["cluster"] for p in problems}) == 655
    assert all(p.answer.isdigit() for p in problems)
    assert {earns(p, p.answer) for p in problems} == {Status.CORRECT}
    assert Counter(p.info["kind"][:9] for p in problems) == {
        "Subtracti": 531, "Addition": 195, "Common-Di": 166, "Multiplic": 108,
    }  # fmt: skip
    assert not [p for p in problems if "  " in p.question or ". ." in p.question]


@real("humaneval.jsonl.gz")
def test_all_of_real_humaneval_is_held_out():
    assert len(load("humaneval", path=str(DATA / "humaneval.jsonl.gz"))) == 164
