import io

import pytest
from rich.console import Console

from verigrad.chat.draws import Draws
from verigrad.chat.pieces import grown, held, pieces, rest, thinks
from verigrad.chat.screen import Screen
from verigrad.chat.session import COMMANDS, Chat, State, handle, judged
from verigrad.chat.speaker import TYPED, Speaker, default_recipe, find_recipe, typed_instruction
from verigrad.errors import RecipeError, RunError
from verigrad.models.prompt import Prompter
from verigrad.recipe import write_recipe
from verigrad.scoring import make_scorer
from verigrad.tasks.mix import load_mix, task_of
from verigrad.tasks.types import Split
from verigrad_rewards.pool import Pool
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import Problem, Status, Verdict

HOSTILE = "a\x1b]0;title\x07\x1b[2J\x9b31mb\r\u202ec\ud800\u200b[bold]d[/nothing]"
TEXT = "so <think>1+1 is\n2 <b </thin k></think>\n<answer>2</answer>"


def shown(parts, *, terminal=True, folded=False, tag="think", prefill=""):
    """Return what a screen prints of a response that comes in parts."""
    out = Console(file=io.StringIO(), force_terminal=terminal, color_system="standard" if terminal else None, width=30)
    screen, text = Screen(out, tag, prefill, folded=folded), prefill
    for part in parts:
        text += part
        screen.show(text)
    screen.finish(text)
    return out.file.getvalue()


def spans(printed):
    """Return plain and dim text of what was printed, and refuse every other escape sequence."""
    found = {False: "", True: ""}
    dim = False
    for i, part in enumerate(printed.split("\x1b[")):
        mark, _, text = part.partition("m") if i else ("0", "", part)
        assert mark in ("0", "2"), printed
        dim = mark == "2"
        found[dim] += text
    return found[False], found[True]


@pytest.mark.parametrize("size", range(1, 12))
def test_only_the_thinking_is_dim_however_the_text_comes(size):
    parts = [TEXT[i : i + size] for i in range(0, len(TEXT), size)]
    plain, dim = spans(shown(parts))
    assert "".join(dim.split()) == "<think>1+1is2<b</think></think>"
    assert "".join(plain.split()) == "so<answer>2</answer>"


@pytest.mark.parametrize(
    ("text", "tag", "count"),
    [
        ("a <", "think", 1), ("a <thi", "think", 4), ("a </thin", "think", 6), ("a <think>", "think", 0), ("", "think", 0),
        ("a </think>", "think", 0), ("a <b", "think", 0), ("a <<", "think", 1), ("</rea", "reason", 5), ("<think", "t", 0),
    ],
)  # fmt: skip
def test_half_a_tag_is_held_back(text, tag, count):
    assert held(text, tag) == count
    assert sum(len(p) for p, _ in pieces(text, 0, tag, ended=False)) == len(text) - count
    assert sum(len(p) for p, _ in pieces(text, 0, tag, ended=True)) == len(text)


def test_thinking_that_the_template_opened_and_that_is_cut():
    plain, dim = spans(shown(["1+", "1"], prefill="<think>\n"))
    assert (plain.strip(), dim.split()) == ("", ["<think>1+1"])
    assert thinks("<think>1", "think")
    assert not thinks("<think>1</think>", "think")
    assert not thinks("1", "think")


def test_an_incomplete_character_waits_for_its_bytes():
    data, text, seen = "é🙂".encode(), "", []
    for i in range(1, len(data) + 1):
        text = grown(text, data[:i].decode(errors="replace"))
        seen.append(text)
    assert seen == ["", "é", "é", "é", "é", "é🙂"]
    assert grown("a\ufffdb", "a\ufffdbc") == "a\ufffdbc"  # bytes that never become a character
    assert [rest("abc", "abd"), rest("ab", "abc"), rest("abc", "")] == [2, 2, 0]
    assert grown(grown("", "a "), "a.") == "a."  # a decoder that takes spaces back


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("folded", [True, False])
def test_what_a_model_writes_cannot_drive_the_terminal(terminal, folded):
    text = f"{HOSTILE}<think>{HOSTILE}</think>{HOSTILE}"
    printed = shown(list(text), terminal=terminal, folded=folded)
    allowed = {"\n", "\r", "\x1b"} if terminal and folded else {"\n", "\x1b"} if terminal else {"\n"}
    assert {c for c in printed if not c.isprintable()} <= allowed
    assert "\x1b]" not in printed
    assert "\x1b[2J" not in printed
    spans(printed)
    assert "[bold]d[/nothing]" in printed


def test_folded_thinking_is_one_line_that_counts():
    printed = shown(["<think>", "1", "+", "1", "</think>", "2"], folded=True)
    assert "1+1" not in printed
    lines = spans(printed)[1].replace("\r", "")
    assert "… thinking, 1 tokens… thinking, 2 tokens… thinking, 3 tokens" in lines
    assert printed.endswith("\n2\n")


def test_a_pipe_gets_one_line():
    assert shown(["<think>1\n2</think>", "\n<answer>3\n</answer>"], terminal=False) == (
        "<think>1⏎2</think>⏎<answer>3⏎</answer>\n"
    )
    assert shown(["<think>", "1\n", "2", "</think>", "\n3\n4"], terminal=False, folded=True) == (
        "… thinking, 2 tokens  3⏎4\n"
    )


@pytest.fixture
def chat():
    recipe = default_recipe("verigrad/tiny", [])
    speaker = Speaker(recipe, None, Prompter(None, Tags(), ()), {}, 50)
    out = Console(file=io.StringIO(), width=200, highlight=False)
    with Pool() as pool:
        yield Chat(speaker, Draws(recipe, 0), make_scorer(recipe), pool, out)


def test_commands_change_the_state(chat):
    state = State(0, 1.0)
    for line in ("", "/seed 5", "/temperature 0.5", "/fold", "/help"):
        state = handle(chat, state, line)
    assert (state.seed, state.temperature, state.folded) == (5, 0.5, True)
    assert not handle(chat, state, "/fold").folded
    assert handle(chat, state, "/quit") is None
    printed = chat.out.file.getvalue()
    assert all(f"/{name}" in printed for name in (*COMMANDS, "quit") if name != "help")
    assert "Every line is one prompt of its own" in printed


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/tsak", r"/tsak: no such command. Did you mean '/task'\?"),
        ("/\x1b[2J", r"/·\[2J: no such command. Allowed: /task, /retry, /seed"),
        ("/seed -1", "/seed '-1': allowed is a whole number, 0 or more; it is 3"),
        ("/seed ²", "/seed '²': allowed is a whole number"),
        ("/seed 99999999999999999999", "allowed is a whole number"),
        ("/temperature nan", "/temperature 'nan': allowed is a number from 0, the likeliest token, to 10; it is 1"),
        ("/temperature", "/temperature '': allowed is"),
        ("/temperature 11", "/temperature '11': allowed is"),
        ("/retry", "/retry: nothing was asked yet"),
    ],
)
def test_what_is_typed_wrong_is_one_line(chat, line, said):
    with pytest.raises(RunError, match=said) as caught:
        handle(chat, State(3, 1.0), line)
    assert "\n" not in str(caught.value)


def test_an_unknown_task_is_named_with_the_nearest(chat):
    with pytest.raises(RecipeError, match=r"/task 'chainsum': the recipe has no such task. Did you mean 'chain_sum'\?"):
        handle(chat, State(0, 1.0), "/task chainsum")


def test_problems_are_held_out_and_come_one_after_the_other():
    recipe = default_recipe("m", [])
    train = {p.question for p in load_mix(recipe.tasks, Split.TRAIN, recipe.seed, 2000)}
    draws = Draws(recipe, 3)
    drawn = [draws.next("") for _ in range(100)]
    assert len({p.id for p in drawn}) == 100
    assert all("/held_out/" in p.id and p.question not in train for p in drawn)
    assert {task_of(p) for p in drawn} == {"chain_sum", "functions"}
    assert draws.next("") == drawn[0]  # begins again
    assert Draws(recipe, 3).next("") == drawn[0]
    assert Draws(recipe, 4).next("") != drawn[0]
    assert {task_of(draws.next("functions")) for _ in range(5)} == {"functions"}


def test_a_prompt_that_leaves_no_room_is_one_line(chat):
    assert chat.speaker.room([1] * 20) == 30
    with pytest.raises(RunError, match="the prompt has 50 tokens; the context of verigrad/tiny has 50, and the answer"):
        chat.speaker.room([1] * 50)


def test_a_verdict_is_said_with_its_reason():
    text = judged(Problem("t/1", "?", "4"), Verdict(0.0, Status.WRONG, "5\x1b[2J", "it is not equal to 4")).plain
    assert text.split("\n")[0] == "wrong"
    assert "read           5·[2J\n" in text
    assert "gold answer    4\n" in text
    assert "reason         it is not equal to 4\n" in text
    assert (
        "decided by hidden tests" in judged(Problem("t/1", "?", "", {"tests": []}), Verdict(1.0, Status.CORRECT)).plain
    )


def test_the_recipe_of_a_chat(tmp_path):
    recipe, bare = find_recipe("verigrad/tiny", None, ["max_response_tokens=40"])
    assert (recipe.max_response_tokens, recipe.instruction, bare) == (40, "", True)
    write_recipe(recipe, tmp_path / "recipe.yaml")
    with pytest.raises(RunError, match="has no model yet: its training did not finish"):
        find_recipe(str(tmp_path), None, [])
    (tmp_path / "model").mkdir()
    recipe, bare = find_recipe(str(tmp_path), None, ["eval.temperature=0.5"])
    assert (recipe.model, recipe.eval.temperature, bare) == (str(tmp_path / "model"), 0.5, False)
    assert find_recipe("a/b", str(tmp_path / "recipe.yaml"), [])[0].model == "a/b"
    with pytest.raises(RecipeError, match="Did you mean 'seed'"):
        find_recipe("verigrad/tiny", None, ["sede=1"])


@pytest.mark.parametrize(
    ("override", "bare", "said"),
    [
        ("instruction=Go on.", False, "Go on."), ("instruction=", False, "Think step by step inside <think>"),
        ("tasks=[{name: chain_sum}]", False, "Compute the result. Think step by step"), ("seed=1", True, None),
    ],
)  # fmt: skip
def test_what_is_typed_is_asked_as_in_training(override, bare, said):
    found = typed_instruction(default_recipe("m", [override]), bare=bare)
    assert found is None if said is None else found.startswith(said)
    assert TYPED not in ("chain_sum", "functions")
