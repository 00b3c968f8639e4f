import io
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time

import pytest
from rich.console import Console

from verigrad.chat.draws import Draws
from verigrad.chat.session import Chat, State, handle
from verigrad.chat.speaker import open_speaker
from verigrad.errors import RunError, RunStoppedError
from verigrad.models.names import TINY_FOLDER
from verigrad.models.sample import GREEDY, Decoding, sample_ids
from verigrad.models.stream import stream_ids
from verigrad.recipe import write_recipe
from verigrad.scoring import make_scorer
from verigrad_rewards.pool import Pool
from verigrad_rewards.types import Problem

CHAT = [sys.executable, "-c", """
import json, sys
from verigrad.chat.command import chat
from verigrad.errors import STATED, exit_code
try:
    chat(*json.loads(sys.argv[1]))
except STATED as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(exit_code(error))
"""]  # fmt: skip


@pytest.fixture(scope="module")
def speaker():
    return open_speaker("verigrad/tiny", None, [])


@pytest.fixture
def chat(speaker):
    with Pool() as pool:
        out = Console(file=io.StringIO(), width=200, highlight=False)
        yield Chat(speaker, Draws(speaker.recipe, 0), make_scorer(speaker.recipe), pool, out)


def said(chat):
    """Return what was printed since the last time."""
    text = chat.out.file.getvalue()
    chat.out.file.truncate(0)
    chat.out.file.seek(0)
    return text


def test_what_is_streamed_is_what_an_evaluation_samples(speaker):
    prompts = [speaker.prompt(Problem("typed", f"{i}+{i + 5}-3=?")) for i in range(6)]
    for temperature, top_p in ((1.0, 1.0), (GREEDY, 1.0), (1.5, 0.6)):
        decoding = Decoding(speaker.prompter.end_ids, 48, temperature, 64, top_p)
        sampled = sample_ids(speaker.model, prompts, range(6), decoding)
        streamed = [list(stream_ids(speaker.model, p, seed, decoding)) for seed, p in enumerate(prompts)]
        assert streamed == sampled
    short = Decoding(speaker.prompter.end_ids, 3, 1.0, 1)
    assert len(list(stream_ids(speaker.model, prompts[0], 0, short))) == 3


def test_a_held_out_problem_is_asked_and_judged(chat):
    state = handle(chat, State(0, GREEDY), "/task functions")
    first = said(chat)
    assert first.startswith("functions/held_out/")
    assert "question       " in first
    assert any(line in ("correct", "wrong", "no_answer") for line in first.splitlines())
    assert "gold answer    decided by hidden tests" in first
    assert handle(chat, state, "/task functions").asked != state.asked
    said(chat)
    again = handle(chat, state, "/retry")
    assert (again.asked, again.seed) == (state.asked, 1)
    assert not said(chat).startswith("functions/")
    statuses = set()
    for _ in range(8):
        state = handle(chat, state, "/task functions")
        statuses |= {line for line in said(chat).splitlines() if line in ("correct", "wrong")}
    assert statuses == {"correct", "wrong"}


def test_a_seed_decides_an_answer(chat):
    state = handle(chat, State(0, 1.0), "7+5-3=?")
    first = said(chat)
    handle(chat, state, "7+5-3=?")
    assert said(chat) == first
    others = set()
    for _ in range(8):
        state = handle(chat, state, "/retry")
        others.add(said(chat))
    assert len(others) > 1


def test_a_prompt_beyond_the_context_and_a_broken_model_are_one_line(chat):
    with pytest.raises(RunError, match="the prompt has 6.. tokens; the context of verigrad/tiny has 512"):
        handle(chat, State(0, 1.0), "1" * 600)
    handle(chat, State(0, 1.0), "1" * 490)  # fits, with little room
    norm = chat.speaker.model.model.norm.weight
    kept = norm.detach().clone()
    try:
        for temperature in (GREEDY, 1.0):
            norm.data.fill_(float("nan"))
            with pytest.raises(RunStoppedError, match="the model's output is not finite"):
                handle(chat, State(0, temperature), "1+1=?")
    finally:
        norm.data.copy_(kept)


def piped(text, *arguments, code=0):
    done = subprocess.run([*CHAT, json.dumps(arguments)], input=text, capture_output=True)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    return done.stdout.decode(), done.stderr.decode()


def test_a_pipe_gets_one_answer_per_line_and_the_first_error(tmp_path, speaker):
    shutil.copytree(TINY_FOLDER, tmp_path / "run" / "model")
    write_recipe(speaker.recipe, tmp_path / "run" / "recipe.yaml")
    text = b"7+5-3=?\n\n\xff\xfe 1+1=?\nFind f(x): f(1)=2\n/seed x\n2+2=?\n"
    out, err = piped(text, str(tmp_path / "run"), None, ["eval.temperature=0.5"], code=2)
    lines = out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("<think>")
    assert "\x1b" not in out
    assert err.splitlines()[-1] == "error: /seed 'x': allowed is a whole number, 0 or more; it is 0"


class Terminal:
    """A chat in a terminal of its own."""

    def __init__(self, *arguments):
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # which a shell's background jobs ignore
            os.execve(CHAT[0], [*CHAT, json.dumps(arguments)], {**os.environ, "TERM": "xterm"})

    def until(self, mark, seconds=30):
        """Return what is shown until ``mark``."""
        shown, end = "", time.monotonic() + seconds
        while mark not in shown and time.monotonic() < end:
            if select.select([self.handle], [], [], 0.1)[0]:
                try:
                    shown += os.read(self.handle, 4096).decode(errors="replace")
                except OSError:  # the other end is closed
                    break
        assert mark in shown, shown
        return shown

    def type(self, text, mark="> "):
        os.write(self.handle, text.encode())
        return self.until(mark)

    def close(self):
        os.write(self.handle, b"\x04")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_a_terminal_gets_dimmed_thinking_folding_and_an_answer_that_can_be_stopped():
    terminal = Terminal("verigrad/tiny", None, [])
    assert "/help" in terminal.until("> ")
    shown = terminal.type("7+5-3=?\n", "· seed 0\x1b[0m\r\n")
    assert "\x1b[2m<think>" in shown
    assert "</think>\x1b[0m<answer>" in shown
    terminal.type("/fodl\n", "no such command. Did you mean '/fold'?")
    terminal.type("/fold\n", "folded\r\n")
    assert "… thinking, " in terminal.type("7+5-3=?\n", "· seed 0\x1b[0m\r\n> ")
    terminal.type("\x03\n", "ends the chat")  # the line end wakes a prompt that was not up yet
    assert terminal.close() == 0


def test_ctrl_c_stops_an_answer_and_not_the_chat(chat, monkeypatch):
    from verigrad.chat.command import converse

    calls = []

    def interrupt(*_):
        calls.append(1)
        if len(calls) == 4:
            signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore
    hook = chat.speaker.model.register_forward_hook(interrupt)
    monkeypatch.setattr("sys.stdin", io.StringIO("7+5-3=?\n7+5-3=?\n"))
    try:
        converse(chat, State(0, 1.0), typed=True)
    finally:
        hook.remove()
    first, second = said(chat).splitlines()
    assert first == " … stopped"
    assert second.startswith("<think>")
    monkeypatch.setattr("sys.stdin", io.StringIO("7+5-3=?\n"))
    calls.clear()
    hook = chat.speaker.model.register_forward_hook(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            converse(chat, State(0, 1.0), typed=False)
    finally:
        hook.remove()
