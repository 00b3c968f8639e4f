"""Run folders as training and evaluation leave them, made without either; and what a page holds once it is parsed."""

import gzip
import json
from html.parser import HTMLParser

from verigrad.evaluate.records import checked_line
from verigrad.lines import append_lines, as_line

MODES = {"temperature": 1.0, "top_p": 1.0, "samples": 1, "max_tokens": 96, "max_think_tokens": None, "seed": 7}


class Page(HTMLParser):
    """Parses a page: its tags with their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.opened = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.text += "" if tag in ("span", "bdi", "strong", "b") else " "
        if tag not in ("meta", "input", "br"):
            self.opened.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag

    def handle_data(self, data):
        self.text += data

    def of(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def require_inert(text):
    """Return the parsed page, which has nothing that runs or loads."""
    page = Page(text)
    assert not page.opened
    banned = ("script", "img", "image", "iframe", "object", "embed", "link", "form", "base", "use", "audio", "video")
    assert not [tag for tag, _ in page.tags if tag in (*banned, "foreignobject", "animate", "a:hover")]
    for tag, attrs in page.tags:
        for key, value in attrs.items():
            assert not key.startswith("on"), (tag, key)
            assert key not in ("src", "srcset", "style", "action", "formaction", "xlink:href", "background", "ping")
            assert key != "href" or value.startswith("#")
    assert len(page.of("style")) == 1
    assert "url(" not in text
    assert "@import" not in text
    policy = next(m["content"] for m in page.of("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    return page


def sample(i, status, *, decode="sampled", split="held_out", k=0, think=8, task="sums", level=3, **more):
    """Return one recorded response."""
    thinking = f"<think>{'1+1 ' * (think // 2)}</think>" if think else ""
    return {
        "kind": "sample", "key": f"{split} {decode} {task} {i} {k}", "problem": f"{task}/{i}", "cluster": f"{task}/{i}",
        "task": task, "split": split, "decode": decode, "sample": k, "level": level, "prompt": f"p{i}",
        "status": status, "vote": "2" if status == "correct" else "3", "gold": "2", "format": True, "finished": True,
        "forced": False, "num_tokens": think + 4, "think_tokens": think, "question": f"question {i}", "answer": "2",
        "response": f"{thinking}<answer>2</answer>", "read": "2", "detail": f"reason {i}", **more,
    }  # fmt: skip


def header(rows, **measured):
    """Return the first line of records."""
    decodings = {row["decode"]: MODES for row in rows}
    for name in decodings:
        count = 1 + max(row["sample"] for row in rows if row["decode"] == name)
        decodings[name] = {**MODES, "samples": count}
    known = {"model": "tiny", "weights": "w1", "parameters": 1000, "decodings": decodings, "samples": len(rows)}
    made_by = {"command": "verigrad eval RUN eval.samples=2", "commit": "c0ffee", "dirty": True}
    return {"kind": "header", "format": 2, "measured": {**known, **measured}, "made_by": made_by}


def write_records(file, rows, **measured):
    """Write rows as records."""
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"".join(map(checked_line, [header(rows, **measured), *rows])))


def measure(run, before, after, **measured):
    """Write the records of both sides."""
    for name, rows in (("before", before), ("after", after)):
        write_records(run / "eval" / f"{name}.jsonl", rows, **measured)


def statuses(words, **more):
    """Return a response per problem: ``r`` is right, ``w`` wrong, ``u`` unscored."""
    names = {"r": "correct", "w": "wrong", "u": "unscored"}
    return [sample(i, names[word], **more) for i, word in enumerate(words)]


def rollout(reward, **more):
    """Return one archived rollout."""
    verdict = {"reward": reward, "status": "correct", "answer": "2", "detail": ""}
    form = {"reward": 1.0, "status": "correct", "answer": None, "detail": ""}
    return {"correctness": verdict, "shaping": {"think_answer": form}, "reward": reward + 0.1, "kept": True, **more}


def make_run(folder, *, steps=8, recipe="", **facts):
    """Return a run folder that was trained and not measured."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "model: tiny\nstage: grpo\nmax_steps: 8\nshaping:\n- {name: think_answer, weight: 0.1}\n"
    (folder / "recipe.yaml").write_text(text + recipe)
    known = {"command": "verigrad train r.yaml", "commit": "c0ffee", "dirty": False, "device": "cpu", "resumed": []}
    versions = {"packages": {"trl": "1.16.0"}, "identity": {"dataset": "d1"}}
    (folder / "run.json").write_text(json.dumps({**known, **versions, **facts}))
    lines = [{"step": 0, "held_out_accuracy": 0.25, "held_out_problems": 128}]
    lines += [step_line(i, steps) for i in range(1, steps + 1)]
    append_lines(folder / "metrics.jsonl", lines)
    (folder / "rollouts").mkdir()
    for i in range(1, steps + 1):
        archive(folder, i, [rollout(i / steps), rollout(0.0)])
    (folder / "model").mkdir()
    return folder


def step_line(i, steps):
    """Return the metrics of one step."""
    done = i / steps
    held_out = {"held_out_accuracy": done, "held_out_problems": 128} if i % 4 == 0 else {}
    return {
        "step": i, "reward": done, "accuracy": done, "accuracy_by_task": {"sums": done, "words": 1 - done},
        "think_length": 5.0 + i, "tokens": 9.0, "responses": 128, "format": 1.0, "truncated": 0.0, "no_signal": 0.5,
        "repetition": 0.0, "loss": -0.1, "entropy": 0.4, "kl": 0.01, "grad_norm": 1.5, "seconds": 2.0, **held_out,
    }  # fmt: skip


def archive(run, step, rows):
    """Write the rollouts of one step."""
    data = b"".join(as_line({"step": step, **row}) for row in rows)
    (run / "rollouts" / f"step-{step:06d}.jsonl.gz").write_bytes(gzip.compress(data))
