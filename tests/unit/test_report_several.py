import pytest
from report_runs import make_run, measure, require_inert, statuses

from verigrad.errors import RunError
from verigrad.report.several import style
from verigrad.report.write import write_comparison

START = "w" * 30 + "r" * 10


def compare(tmp_path, *runs):
    file = write_comparison(runs, tmp_path / "all.html")
    assert file == tmp_path / "all.html"
    page = file.read_text(encoding="utf-8")
    return page, " ".join(require_inert(page).text.split())


@pytest.fixture
def runs(tmp_path):
    made = [make_run(tmp_path / "grpo"), make_run(tmp_path / "random", recipe="control: random\n")]
    made.append(make_run(tmp_path / "sft", recipe="sequences_per_step: 16\n"))
    sft = made[2] / "recipe.yaml"
    sft.write_text(sft.read_text().replace("grpo", "sft"))
    (made[2] / "metrics.jsonl").write_text('{"step": 8, "loss": 0.5, "seconds": 3}\n')
    for run, end in zip(made, ("r" * 40, START, "r" * 38 + "ww"), strict=True):
        measure(run, statuses(START), statuses(end))
    return made


def test_page_compares_every_run_with_the_first_and_with_its_start(tmp_path, runs):
    page, text = compare(tmp_path, *runs)
    assert "grpo: Better: 25.0% before, 100.0% after: +75.0 points" in text
    assert "random against grpo: Worse: 100.0% grpo, 25.0% random: -75.0 points" in text
    assert "sft against grpo: No difference can be shown: 100.0% grpo, 95.0% sft" in text
    assert "grpo, random reward (control) 8 1,024 responses 9.22 k 16 s" in text
    assert "sft 8 128 solutions – 3 s" in text
    assert "p is adjusted for there being several (Holm)" in text
    assert "Without such checks during training: sft." in text
    assert "The same, against what was sampled" in text
    for section in ("curves", "tasks", "reproduce", "reading"):
        assert f'id="{section}"' in page
    assert page.index("The runs</caption>") < page.index("<h2>")
    assert text.count("the resolved recipe") == 3


def test_runs_that_cannot_be_compared_say_why(tmp_path, runs):
    measure(runs[1], statuses(START), [{**row, "prompt": "x"} for row in statuses(START)])
    (runs[2] / "eval" / "after.jsonl").unlink()
    _, text = compare(tmp_path, *runs)
    assert "random against grpo: Cannot be compared: the prompts of 40 problems are rendered differently" in text
    assert "sft against grpo: sft was not measured after training." in text
    assert "25.0 [14.2, 40.2] → not measured" in text


def test_runs_without_any_measurement_have_a_page(tmp_path):
    _, text = compare(tmp_path, make_run(tmp_path / "a" / "run"), make_run(tmp_path / "b" / "run"))
    assert "2 runs: a/run, b/run" in text
    assert "b/run against a/run: a/run was not measured after training." in text


def test_other_starts_are_said(tmp_path, runs):
    measure(runs[1], statuses(START), statuses(START), weights="w2")
    assert "The runs did not start from the same weights." in compare(tmp_path, *runs)[1]


def test_hostile_names_stay_text(tmp_path):
    names = ["<script>alert(1)<", '"onload=x \u202e']
    runs = [make_run(tmp_path / name) for name in names]
    for run in runs:
        measure(run, statuses("wr"), statuses("rr"))
    page, text = compare(tmp_path, *runs)
    assert "<script>alert(1)<" in text
    assert "\u202e" not in page


@pytest.mark.parametrize(
    ("picked", "message"),
    [((0,), "takes 2 to 12 runs, not 1"), ((0, 1, 0), "grpo: is named twice; name each run once")],
)
def test_wrong_numbers_of_runs_are_refused(tmp_path, runs, picked, message):
    with pytest.raises(RunError, match=message):
        write_comparison([runs[i] for i in picked], tmp_path / "all.html")
    assert not (tmp_path / "all.html").exists()


def test_a_folder_that_is_no_run_is_refused(tmp_path, runs):
    with pytest.raises(RunError, match="is no run folder"):
        write_comparison([runs[0], tmp_path / "nothing"], tmp_path / "all.html")


def test_twelve_runs_look_different():
    assert len({style(i) for i in range(12)}) == 12
