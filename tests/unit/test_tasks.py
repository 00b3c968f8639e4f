import json
from pathlib import Path

import pytest

from verigrad.errors import RecipeError
from verigrad.recipe import load_recipe
from verigrad.recipe.sections import TaskUse
from verigrad.scoring import check_gold, gold_response, make_scorer
from verigrad.tasks import TASKS, chain_sum, countdown, functions
from verigrad.tasks.generate import is_held_out
from verigrad.tasks.mix import find_task, load_mix, load_task, shares
from verigrad.tasks.types import Split
from verigrad_rewards import Problem, ProblemError

DATA = Path(__file__).parents[3] / "shared" / "data"
GENERATED = [TASKS[name] for name in ("chain_sum", "countdown", "functions")]


@pytest.fixture
def recipe(tmp_path):
    file = tmp_path / "r.yaml"
    file.write_text("model: m\noutput_dir: o\ntasks: [{name: chain_sum}, {name: countdown}, {name: functions}]\n")
    return load_recipe(file)


@pytest.mark.parametrize("task", GENERATED, ids=lambda t: t.name)
@pytest.mark.parametrize("split", list(Split))
def test_every_generated_gold_answer_earns_one(task, split, recipe):
    scorer = make_scorer(recipe)
    problems = task.load(split, 0, 25)
    check_gold(recipe, scorer, problems)
    assert all(scorer.keeps_format(p, gold_response(recipe, p)) for p in problems)


@pytest.mark.parametrize("task", GENERATED, ids=lambda t: t.name)
def test_splits_are_disjoint_and_held_out_is_frozen(task):
    train = {p.question for p in task.load(Split.TRAIN, 1, 400)}
    held_out = task.load(Split.HELD_OUT, 1, 200)
    assert len(train) == 400
    assert not train & {p.question for p in held_out}
    assert held_out == task.load(Split.HELD_OUT, 2, 200)
    assert held_out[:50] == task.load(Split.HELD_OUT, 0, 50)
    assert task.load(Split.TRAIN, 1, 50) != task.load(Split.TRAIN, 2, 50)


def test_the_canonical_form_decides_the_split_whatever_the_wording():
    for problem in chain_sum.load(Split.TRAIN, 0, 100):
        assert not is_held_out(f"chain_sum {sorted(problem.info['terms'])}")
    for problem in countdown.load(Split.HELD_OUT, 0, 100):
        assert is_held_out(f"countdown {sorted(problem.info['numbers'])} {problem.info['target']}")


def test_the_dial_goes_from_easy_to_hard():
    assert {p.info["level"] for p in chain_sum.load(Split.TRAIN, 0, 50, difficulty=2)} == {2}
    assert {p.info["level"] for p in chain_sum.load(Split.OOD, 0, 50)} == {7, 8}
    assert {p.info["level"] for p in functions.load(Split.TRAIN, 0, 80)} == {1, 2, 3, 4}
    with pytest.raises(ProblemError, match="difficulty is \\[3, 99\\]; allowed is a level or"):
        chain_sum.load(Split.TRAIN, 0, 5, difficulty=[3, 99])
    with pytest.raises(ProblemError, match="distinct held_out problems exist at difficulty \\[2, 2\\]"):
        chain_sum.load(Split.HELD_OUT, 0, 5000, difficulty=2)


def test_hidden_tests_hold_more_than_the_examples_shown():
    for problem in functions.load(Split.HELD_OUT, 0, 50, difficulty=4):
        assert len(problem.info["tests"]) == functions.NUM_TESTS


def test_mix_follows_the_weights():
    uses = [TaskUse("chain_sum", 3), TaskUse("countdown", 1)]
    assert shares(uses, 10) in ([8, 2], [7, 3])
    names = [p.id.split("/")[0] for p in load_mix(uses, Split.TRAIN, 0, 40)]
    assert names.count("countdown") == 10
    assert "countdown" in names[:8]


def test_unknown_tasks_and_options_are_one_line():
    with pytest.raises(RecipeError, match="task 'chainsum' is unknown. Did you mean 'chain_sum'?"):
        find_task("chainsum")
    with pytest.raises(RecipeError, match="unknown option 'dificulty'. Did you mean 'difficulty'?"):
        load_task(TaskUse("chain_sum", options={"dificulty": 3}), Split.TRAIN, 0, 1)


def test_a_gold_answer_its_verifier_rejects_is_named(recipe):
    bad = Problem("chain_sum/train/x", "1+1=?", "3", {"terms": [1, 1]})
    wrong = Problem("countdown/train/y", "q", info={"numbers": [1, 2], "target": 3})
    check_gold(recipe, make_scorer(recipe), [bad, wrong])
    broken = Problem("chain_sum/train/x", "1+1=?", "?", {"terms": [1, 1]})
    with pytest.raises(ProblemError, match="chain_sum/train/x: gold answer '\\?' "):
        check_gold(recipe, make_scorer(recipe), [broken])


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_gsm8k_rows_from_a_local_file(tmp_path):
    rows = [{"question": f"How many is {i}?", "answer": f"It is {i}.\n#### {i:,}"} for i in range(1000, 1100)]
    path = write(tmp_path / "g.jsonl", [*rows, rows[0]])
    train = TASKS["gsm8k"].load(Split.TRAIN, 0, None, path=path)
    held_out = TASKS["gsm8k"].load(Split.HELD_OUT, 0, None, path=path)
    assert len(train) + len(held_out) == 100
    assert not {p.question for p in train} & {p.question for p in held_out}
    assert len(TASKS["gsm8k"].load(Split.TRAIN, 0, 7, path=path)) == 7


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"question": "q", "answer": "no mark"}], "g.jsonl:1: answer ends in 'no mark'"),
        ([{"question": "q"}], "g.jsonl:1: field 'answer' is None"),
        ([{"question": " ", "answer": "#### 1"}], "g.jsonl:1: field 'question' is ' '"),
        ([[1]], "g.jsonl:1: found '[1]'; allowed is an object"),
    ],
)
def test_bad_gsm8k_rows_are_named_by_line(tmp_path, rows, said):
    with pytest.raises(ProblemError) as caught:
        TASKS["gsm8k"].load(Split.TRAIN, 0, None, path=write(tmp_path / "g.jsonl", rows))
    assert said in str(caught.value)


def test_jsonl_reads_answers_and_tests(tmp_path):
    tested = {"question": "double", "tests": [{"args": [1], "expected": 2}], "entry_point": "f"}
    path = write(tmp_path / "p.jsonl", [{"question": f"q{i}", "answer": i} for i in range(20)] + [tested])
    problems = [p for split in ("train", "held_out") for p in TASKS["jsonl"].load(Split(split), 0, None, path=path)]
    assert len(problems) == 21
    assert {p.answer for p in problems} == {str(i) for i in range(20)} | {""}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"question": "q", "answer": r"\frac{1}{"}, r"p.jsonl:2: gold answer '\\frac{1}{' has"),
        ({"question": "q", "tests": []}, "p.jsonl:2: found no tests"),
        ({"question": "q", "tests": [{"args": [1], "expected": 1}]}, "field 'entry_point' must name it"),
    ],
)
def test_bad_jsonl_rows_are_named_by_line(tmp_path, row, said):
    path = write(tmp_path / "p.jsonl", [{"question": "ok", "answer": 1}, row])
    with pytest.raises(ProblemError) as caught:
        TASKS["jsonl"].load(Split.TRAIN, 0, None, path=path)
    assert said in str(caught.value)


def test_missing_and_unknown_files_are_named(tmp_path):
    with pytest.raises(ProblemError, match="no such file"):
        TASKS["jsonl"].load(Split.TRAIN, 0, None, path=str(tmp_path / "none.jsonl"))
    (tmp_path / "p.txt").write_text("x")
    with pytest.raises(ProblemError, match="unknown kind of file"):
        TASKS["jsonl"].load(Split.TRAIN, 0, None, path=str(tmp_path / "p.txt"))


@pytest.mark.skipif(not (DATA / "gsm8k_test.jsonl").is_file(), reason="the shared data is not beside this checkout")
def test_real_gsm8k_problems_load():
    problems = [p for s in ("train", "held_out") for p in TASKS["gsm8k"].load(Split(s), 0, None, path=str(DATA / "gsm8k_test.jsonl"))]  # fmt: skip
    assert len(problems) == 1319
