"""Rewards that fail, and runs without anything to learn from: a response stays unscored, or the run stops."""

import pytest
from broken_rewards import KINDS
from runs import UNSOLVED, assert_error, broken_model, ends_at_once, recipe, refused, tasks, trained, write_rows

from verigrad.archive import read_rollouts
from verigrad.cli import app
from verigrad.lines import read_lines
from verigrad.train.checkpoint import fault


def reward(name):
    return f'shaping=[{{name: "broken_rewards:{name}", weight: 0.1}}]'


def test_a_reward_that_fails_leaves_that_response_unscored_and_the_run_goes_on(tmp_path):
    run = tmp_path / "run"
    write_rows(tmp_path / "train.jsonl", UNSOLVED)
    code, said = trained(tmp_path, run, tasks(tmp_path / "train.jsonl"), reward("of_every_kind"), "max_steps=1", "group_size=2",
                         "prompts_per_step=12", "scoring.max_unscored=1", "scoring.deadline_s=1", "scoring.workers=2", "preflight.allow_dead=true")  # fmt: skip
    assert (code, "error:" in said) == (0, False), said
    assert read_lines(run / "metrics.jsonl")[0]["unscored"] == 2 * sum(says is not None for _, says in KINDS)
    rollouts = list(read_rollouts(run))
    assert len(rollouts) == 2 * len(KINDS)
    for row in rollouts:
        (found,) = row["shaping"].values()
        says = KINDS[int(row["problem"].rsplit("/", 1)[1])][1]
        if says is None:
            assert (found["reward"], row["reward"] is None) == (1.0, False)
        else:
            assert (found["status"], row["reward"], row["advantage"]) == ("unscored", None, 0.0)
            assert found["detail"].startswith(f"reward broken_rewards:of_every_kind on {row['problem']}: ")
            assert says in found["detail"]


@pytest.mark.slow
def test_judging_that_takes_too_long_because_of_the_response_is_a_wrong_response(problems, tmp_path):
    run = tmp_path / "run"
    code, said = trained(problems, run, reward("slow_to_judge_long_text"), "max_steps=1", "group_size=2",
                         "prompts_per_step=1", "scoring.deadline_s=0.5")  # fmt: skip
    assert code == 0, said
    verdicts = [next(iter(row["shaping"].values())) for row in read_rollouts(run)]
    assert {v["status"] for v in verdicts} == {"timeout"}
    assert verdicts[0]["detail"] == "judging the response took more than 0.5 s"


@pytest.mark.parametrize(("name", "why"), [
    ("nan", "a Verdict with reward nan"), pytest.param("raises", "--accept-change rewards"),
])  # fmt: skip
def test_too_many_unscored_responses_save_and_stop(problems, tmp_path, name, why):
    code, said = trained(problems, tmp_path / "run", reward(name))
    assert code == 1
    assert_error(said, "step 1: 8 of 8 responses could not be scored; allowed is a share of 0.1 (scoring.max_unscored)",
                 f"reward broken_rewards:{name} on jsonl/train/", why, "The run is saved")  # fmt: skip
    assert fault(tmp_path / "run" / "checkpoints" / "checkpoint-000000") is None


def test_only_unscored_responses_are_no_signal(problems, tmp_path):
    code, said = trained(
        problems, tmp_path / "run", reward("nan"), "scoring.max_unscored=1", "guard.no_signal_rollouts=2"
    )
    assert code == 1
    assert_error(said, "step 2: no group carried a signal for 2 rollouts in a row (steps 1 to 2): 16 of 16 responses",
                 "could not be scored; correct the reward", "guard.no_signal_rollouts: 0 goes on")  # fmt: skip


@pytest.mark.parametrize(
    ("name", "takes", "hint"),
    [
        ("misnamed", "(problem, respones)", "did you mean 'response'?"),
        ("swapped", "(response, problem)", "did you mean 'problem'?"),
        ("third", "(problem, response, anwser)", "write '*' before 'anwser' to make it an option"),
    ],
)
def test_a_reward_with_other_parameters_is_refused_by_check_and_before_the_weights(
    problems, tmp_path, capsys, name, takes, hint
):
    from typer.testing import CliRunner

    wrong = [reward(name), "model=/nonexistent"]  # which would be the complaint if weights came first
    said = refused(capsys, problems, tmp_path / "run", *wrong)
    assert f"reward 'broken_rewards:{name}': takes {takes}; allowed is (problem, response, *, options): {hint}" in said
    checked = CliRunner().invoke(app, ["check", *recipe(problems, tmp_path / "run", reward(name))])
    assert takes in str(checked.exception)
    assert not (tmp_path / "run").exists()


def test_zero_variance_warns_at_three_rollouts_and_stops(tmp_path):
    write_rows(tmp_path / "train.jsonl", UNSOLVED)
    code, said = trained(tmp_path, tmp_path / "run", tasks(tmp_path / "train.jsonl"), "shaping=[]", "guard.no_signal_rollouts=4",
                         "max_steps=6", "save_every=0")  # fmt: skip
    assert code == 1
    warnings = [line for line in said.splitlines() if "warning:" in line]
    assert warnings == [("warning: no group carried a signal for 3 rollouts in a row (steps 1 to 3); the run stops after 4 "
                        "(guard.no_signal_rollouts: 4)")]  # fmt: skip
    assert_error(said, "step 4: no group carried a signal for 4 rollouts in a row (steps 1 to 4): every response of a "
                 "prompt earned the same; choose easier problems")  # fmt: skip
    assert fault(tmp_path / "run" / "checkpoints" / "checkpoint-000004") is None


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        (["guard.truncated_rollouts=2"], ["step 2: every response was cut for 2 rollouts in a row (steps 1 to 2)",
                                          "raise max_response_tokens"]),
        (["preflight.problems=2"], ["preflight: every response was cut at 1 tokens (max_response_tokens)", "raise it",
                                    "preflight.allow_dead=true trains all the same"]),
    ],
)  # fmt: skip
def test_responses_that_are_all_cut_stop_the_run(problems, tmp_path, more, parts):
    code, said = trained(problems, tmp_path / "run", "max_response_tokens=1", *more)
    assert code == 1
    assert_error(said, *parts)


@pytest.mark.parametrize(
    ("more", "part"),
    [
        (["guard.no_signal_rollouts=2"], "step 2: no group carried a signal for 2 rollouts in a row"),
        pytest.param(
            ["preflight.problems=2"],
            "preflight: 100 % of the groups earn the same for every response",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_empty_responses_stop_the_run(problems, tmp_path, more, part):
    model = broken_model(tmp_path, ends_at_once, tie_word_embeddings=False)
    code, said = trained(problems, tmp_path / "run", f"model={model}", *more)
    assert code == 1, said
    assert_error(said, part)
    assert {row["response"] for row in read_rollouts(tmp_path / "run")} <= {""}
