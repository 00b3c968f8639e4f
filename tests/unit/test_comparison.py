import pytest
from report_runs import sample, write_records

from verigrad.errors import RunError
from verigrad.evaluate.compare import compare, direction, notes, verdict
from verigrad.evaluate.paired import holm, mcnemar
from verigrad.evaluate.records import read_records

A = [0.2, 0.5, 0.7, 0.9, 0.1, 0.4, 0.6, 0.8]
B = [0.3, 0.55, 0.8, 0.85, 0.25, 0.5, 0.75, 0.9]


def side(tmp_path, name, rows, **measured):
    write_records(tmp_path / name, rows, **measured)
    return read_records(tmp_path / name)


def both(tmp_path, before, after, **measured):
    return side(tmp_path, "a.jsonl", before), side(tmp_path, "b.jsonl", after, **measured)


def spread(shares, n=20, task="sums"):
    return [
        sample(i, "correct" if k < round(n * s) else "wrong", k=k, task=task)
        for i, s in enumerate(shares)
        for k in range(n)
    ]


def singles(right, n, task="sums"):
    return [sample(i, "correct" if i in right else "wrong", task=task) for i in range(n)]


def test_the_reference_example(tmp_path):
    (found,) = compare(*both(tmp_path, spread(A), spread(B)))
    pairs = found.all.paired
    assert pairs.mean == pytest.approx(0.0875)
    assert (pairs.high - pairs.low) / 2 == pytest.approx(2.364624 * 0.0226582, abs=1e-6)
    assert pairs.p == pytest.approx(0.0061975, abs=1e-7)
    assert (pairs.wins, pairs.losses, pairs.ties) == (7, 1, 0)
    assert pairs.boot_low == pytest.approx(pairs.low, abs=0.02)
    assert found.detectable == pytest.approx(2.8015852 * 0.0226582, abs=1e-6)
    assert found.all.mcnemar is None


def test_one_sample_each_is_mcnemars_exact_test(tmp_path):
    before, after = singles(range(6), 40), singles(range(6, 22), 40)
    (found,) = compare(*both(tmp_path, before, after))
    assert found.all.mcnemar == found.all.p == pytest.approx(0.0524788, abs=1e-7)
    assert (found.all.paired.low > 0, direction(found)) == (True, "open")
    assert verdict(found).startswith("No difference can be shown"), (
        "the t interval leaves 0 out, the exact test does not"
    )


def test_tasks_are_adjusted_by_holm(tmp_path):
    before = singles([], 30, "x") + singles([], 30, "y") + singles([], 30, "z")
    after = singles(range(5), 30, "x") + singles(range(8), 30, "y") + singles(range(12), 30, "z")
    (found,) = compare(*both(tmp_path, before, after))
    raw = [mcnemar(n, 0) for n in (5, 8, 12)]
    assert [change.p for change in found.tasks] == holm(raw)
    assert [change.task for change in found.tasks] == ["x", "y", "z"]
    assert found.all.p == mcnemar(25, 0)


def test_verdicts(tmp_path):
    low, high = singles([], 50), singles(range(25), 50)
    assert verdict(compare(*both(tmp_path, low, high))[0]) == (
        "Better: 0.0% before, 50.0% after: +50.0 points, 95 % interval +35.6 to +64.4, on 50 held-out problems."
    )
    assert verdict(compare(*both(tmp_path, high, low))[0]).startswith("Worse: 50.0% before")
    assert "No difference can be shown" in verdict(compare(*both(tmp_path, high, high))[0])


def test_how_many_problems_would_show_it(tmp_path):
    (found,) = compare(*both(tmp_path, singles(range(10), 100), singles(range(5, 18), 100)))
    assert found.needed > 100
    assert 0.05 < found.detectable < 0.2
    (same,) = compare(*both(tmp_path, singles([1], 9), singles([1], 9)))
    assert same.needed is None


def refused(tmp_path, before, after, **measured):
    with pytest.raises(RunError) as error:
        compare(*both(tmp_path, before, after, **measured))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_differs_is_said(tmp_path):
    rows = singles(range(3), 6)
    assert "1 problems are in one of them only, such as sums/6 in the second" in refused(tmp_path, rows, singles([], 7))
    other = [{**row, "prompt": "q"} if row["problem"] == "sums/2" else row for row in rows]
    assert "the prompts of 1 problems are rendered differently, such as that of sums/2" in refused(
        tmp_path, rows, other
    )
    assert "samples of sampled is 1 and 2" in refused(tmp_path, rows, spread([0.5] * 6, 2))
    greedy = [{**row, "decode": "greedy"} for row in rows]
    assert "decodings are sampled and greedy" in refused(tmp_path, rows, greedy)
    other = {"dataset": {"sums": "another"}}
    before = side(tmp_path, "a.jsonl", rows, dataset={"sums": "one"})
    with pytest.raises(RunError, match="the answers or tests of task sums are not the same"):
        compare(before, side(tmp_path, "b.jsonl", rows, **other))


def test_what_only_one_side_has_is_left_out_and_said(tmp_path):
    rows = singles(range(3), 6)
    more = [*rows, *({**row, "decode": "greedy", "key": f"g{row['key']}"} for row in rows)]
    before, after = side(tmp_path, "a.jsonl", rows, rewards="x"), side(tmp_path, "b.jsonl", more, rewards="y")
    assert [part.decode for part in compare(before, after)] == ["sampled"]
    assert notes(before, after) == [
        "note: greedy is on one side only and left out",
        "note: the rewards that judged the two differ, in their options or their source",
    ]


@pytest.mark.parametrize(("key", "value"), [("max_tokens", 4096), ("max_think_tokens", 8)])
def test_another_budget_is_refused(tmp_path, key, value):
    rows = singles(range(3), 6)
    mode = {"temperature": 1.0, "top_p": 1.0, "samples": 1, "max_tokens": 96, "max_think_tokens": None, "seed": 7}
    said = refused(tmp_path, rows, rows, decodings={"sampled": {**mode, key: value}})
    assert f"{key} of sampled is {mode[key]} and {value}" in said


def test_half_a_measurement_is_refused(tmp_path):
    said = refused(tmp_path, singles([], 6), singles([], 6), samples=9)
    assert "b.jsonl: 3 of 9 samples are missing; the same 'verigrad eval' goes on" in said


def test_problems_that_one_side_could_not_score_are_left_out_and_counted(tmp_path):
    after = [{**row, "status": "unscored"} if row["problem"] == "sums/0" else row for row in singles(range(4), 8)]
    (found,) = compare(*both(tmp_path, singles([0], 8), after))
    assert (found.excluded, found.all.paired.n) == (1, 7)
    nothing = [{**row, "status": "unscored"} for row in singles([], 8)]
    assert "no problem of held_out was scored on both sides" in refused(tmp_path, singles([], 8), nothing)


def test_every_split_and_decoding_is_compared(tmp_path):
    rows = [
        {**row, "split": s, "decode": d, "key": f"{s}{d}{row['key']}"}
        for s in ("held_out", "ood")
        for d in ("sampled", "greedy")
        for row in singles([1], 4)
    ]
    found = compare(*both(tmp_path, rows, rows))
    assert [(part.split, part.decode) for part in found] == [
        ("held_out", "sampled"), ("ood", "sampled"), ("held_out", "greedy"), ("ood", "greedy"),
    ]  # fmt: skip
