import json
import re
import shutil
from itertools import product

import pytest
import yaml

from verigrad.card.licences import base_folder, base_licence, data_sources
from verigrad.card.markdown import block, words
from verigrad.card.write import write_card
from verigrad.errors import RunError
from verigrad.evaluate.compare import compare, verdict
from verigrad.evaluate.metrics import summarize
from verigrad.evaluate.records import checked_line, read_records
from verigrad.evaluate.table import shown
from verigrad.models.names import TINY
from verigrad.recipe.sections import TaskUse

HOSTILE = "x</details><img src=http://x/y onerror=a>|[a](http://x)`\n---\n# h\x1b[2J\u202e: {b}"
DECODINGS = {
    "sampled": {"samples": 2, "temperature": 1.0, "top_p": 1.0, "max_tokens": 96, "max_think_tokens": None, "seed": 7},
    "think-16": {"samples": 1, "temperature": 1.0, "top_p": 1.0, "max_tokens": 96, "max_think_tokens": 16, "seed": 7},
}
TASKS = [{"name": "chain_sum"}, {"name": "functions"}]


def row(split, task, decode, i, k, status, **more):
    name = f"{task}/{split}/{i}"
    return {
        "kind": "sample", "key": f"{name}/{decode}/{k}", "problem": name, "cluster": name, "task": task,
        "split": split, "decode": decode, "sample": k, "level": None, "prompt": "p", "status": status, "vote": None,
        "gold": None, "format": True, "finished": True, "forced": False, "num_tokens": 9, "think_tokens": 4,
        "question": HOSTILE, "answer": "", "response": HOSTILE, "read": None, "detail": HOSTILE,
    } | more  # fmt: skip


def rows(right):
    """Return records in which every problem whose number is below ``right`` is solved once in two."""
    for decode, settings in DECODINGS.items():
        for split in ("held_out", "ood") if decode == "sampled" else ("held_out",):
            for task, i, k in product(("chain_sum", "functions"), range(20), range(settings["samples"])):
                yield row(split, task, decode, i, k, "correct" if i < right and k == 0 else "wrong")


def save(file, samples, planned=None, **made):
    known = {
        "model": "m", "weights": "w", "parameters": 9, "sampler": "transformers", "decodings": DECODINGS,
        "samples": planned or len(samples), "verigrad": "0.1.0",
    }  # fmt: skip
    made_by = {
        "command": "verigrad eval RUN",
        "commit": "abc",
        "python": "3.11.9",
        "packages": {"torch": "2.13.0"},
    } | made
    file.parent.mkdir(exist_ok=True)
    header = {"kind": "header", "format": 2, "measured": known, "made_by": made_by}
    file.write_bytes(b"".join(map(checked_line, [header, *samples])))


def make_run(folder, command="verigrad train recipe.yaml", **recipe):
    (folder / "model").mkdir(parents=True)
    values = {"model": TINY, "tasks": TASKS, "output_dir": "runs/x"} | recipe
    (folder / "recipe.yaml").write_text(yaml.safe_dump(values))
    facts = {"command": command, "commit": "def", "python": "3.11.9", "packages": {}, "parameters": 489_000}
    resumed = [{"accepted_changes": {"max_steps": {"from": 9, "to": 12}}}]
    (folder / "run.json").write_text(json.dumps({**facts, "identity": {}, "resumed": resumed}))
    save(folder / "eval" / "before.jsonl", list(rows(2)))
    save(folder / "eval" / "after.jsonl", list(rows(16)))
    return folder


def read_card(run, **options):
    text = write_card(run, **options).read_text(encoding="utf-8")
    _, matter, body = text.split("---\n", 2)
    return yaml.safe_load(matter), body


def test_every_number_of_a_card_is_one_of_the_records(tmp_path):
    run = make_run(tmp_path / "a-run")
    matter, body = read_card(run)
    before, after = (read_records(run / "eval" / f"{side}.jsonl") for side in ("before", "after"))
    old = {(s.split, s.decode, s.task): s for s in summarize(before)}
    for line in summarize(after):
        start = old[line.split, line.decode, line.task]
        name = {"held_out": "held out", "ood": "out of distribution"}[line.split]
        cells = f"| {line.problems} | {line.samples} | {shown(start.accuracy)} | {shown(line.accuracy)} |"
        assert f"| {name} | {words(line.decode)} | {words(line.task)} {cells}" in body
    for found in compare(before, after):
        assert f"- {found.decode}: {verdict(found, 'before training', 'after')}" in body
        assert f"{100 * found.all.paired.mean:+.1f} [{100 * found.all.paired.low:+.1f}" in body
    (index,) = matter["model-index"]
    values = {(r["dataset"]["type"], r["dataset"]["split"]): r["metrics"][0] for r in index["results"][:2]}
    assert values["chain_sum", "held_out"]["value"] == 0.4
    assert "temperature 1, 2 responses per problem, seed 7), 95 % interval" in values["chain_sum", "held_out"]["name"]
    assert len(index["results"]) == 6
    assert not list(run.rglob(".*"))


def test_a_card_says_what_made_it_and_under_which_licences(tmp_path):
    matter, body = read_card(make_run(tmp_path / "a-run"))
    assert matter["license"] == "apache-2.0"
    assert matter["tags"] == ["verigrad", "grpo", "reasoning"]
    assert "base_model" not in matter  # verigrad/tiny is in the package, not on the hub
    assert "| start model | verigrad/tiny | apache-2.0 |" in body
    assert "| problems of chain\\_sum | generated by verigrad | apache-2.0 |" in body
    for said in (
        "verigrad train recipe.yaml output_dir=runs/again", "pip install 'verigrad[train]==0.1.0'",
        "think-16: temperature 1, top-p 1, 1 response per problem, up to 96 tokens, thinking ended after 16",
        "resumed once; changed then: max\\_steps", "model: verigrad/tiny", "489,000 parameters",
        "torch 2.13.0", "Measured only on the problems above",
    ):  # fmt: skip
        assert said in body


def test_a_card_owns_up_to_what_speaks_against_its_numbers(tmp_path):
    run = make_run(tmp_path / "run", control="random")
    samples = [dict(r) for r in rows(16)]
    for sample in samples[:3]:
        sample |= {"finished": False}
    samples[5]["status"] = "unscored"
    save(run / "eval" / "after.jsonl", samples)
    body = read_card(run)[1]
    assert "3.8% of the responses to held out problems (sampled) were cut" in re.sub(r"\\", "", body)
    assert "1 responses could not be scored and are in no number." in body
    assert "a control, not a model to use" in body


def test_one_task_stands_in_the_table_once(tmp_path):
    run = make_run(tmp_path / "run", tasks=TASKS[:1])
    for side, right in (("before", 2), ("after", 16)):
        save(run / "eval" / f"{side}.jsonl", [r for r in rows(right) if r["task"] == "chain_sum"])
    table = [line for line in read_card(run)[1].splitlines() if line.startswith("| held out | sampled")]
    assert len(table) == 1
    assert "chain\\_sum" in table[0]


def test_text_from_outside_is_inert(tmp_path):
    run = make_run(tmp_path / "run", command=HOSTILE, instruction=HOSTILE)
    matter, body = read_card(run, name=HOSTILE)
    assert "\x1b" not in body
    assert "\u202e" not in body
    assert matter["model-index"][0]["name"].startswith("x</details><img")
    prose = re.sub(r"^(```+).*?^\1$", "", body, flags=re.MULTILINE | re.DOTALL)
    assert "<img" not in prose
    assert prose.count("</details>") == 1
    assert not re.search(r"(?<!\\)\[a", prose)
    assert sum(line.startswith("# ") for line in prose.splitlines()) == 1


def test_a_block_cannot_be_left():
    assert block("a\n````\n# h", "yaml") == "`````yaml\na\n````\n# h\n`````"
    assert words("a|b\n# c <b> www.x") == "a\\|b \\# c &lt;b&gt; www&#46;x"


def test_a_card_refuses_a_run_that_is_not_measured(tmp_path):
    run = make_run(tmp_path / "run")
    save(run / "eval" / "after.jsonl", list(rows(16))[:-1], planned=1000)
    with pytest.raises(RunError, match="after.jsonl: .* samples are missing"):
        write_card(run)
    (run / "eval" / "after.jsonl").unlink()
    with pytest.raises(RunError, match=r"is not measured \(.*after.jsonl is missing\); run 'verigrad eval .*' first"):
        write_card(run)
    shutil.rmtree(run / "model")
    with pytest.raises(RunError, match="has no model yet: its training did not finish"):
        write_card(run)
    with pytest.raises(RunError, match="is no run folder"):
        write_card(tmp_path)


def test_a_card_refuses_unknown_licences_unless_told(tmp_path):
    problems = [{"name": "jsonl", "options": {"path": "/home/me/p.jsonl"}}]
    run = make_run(tmp_path / "run", model="Some/Model", tasks=problems)
    for side in ("before", "after"):
        save(run / "eval" / f"{side}.jsonl", [r | {"task": "jsonl"} for r in rows(2) if r["task"] == "functions"])
    with pytest.raises(RunError, match=r"task jsonl: .*local files.* unknown.*--license-of-data jsonl=…"):
        write_card(run, license_of_base="mit")
    told = {"license_of_data": {"jsonl": "CC-BY-SA-4.0"}}
    with pytest.raises(RunError, match=r"base model Some/Model: its licence is unknown.*--license-of-base"):
        write_card(run, **told)
    matter, body = read_card(run, license_of_base="Qwen-Research", **told)
    assert (matter["license"], matter["license_name"]) == ("other", "qwen-research")
    assert matter["base_model"] == "Some/Model"
    assert "| problems of jsonl | local files | cc-by-sa-4.0 |" in body
    with pytest.raises(RunError, match="--license-of-base: 'a b' is no licence"):
        write_card(run, license_of_base="a b", **told)
    with pytest.raises(RunError, match="--license-of-data gsm8k: the run does not use this task; it uses jsonl"):
        write_card(run, license_of_base="mit", license_of_data={"gsm8k": "mit"})


def test_the_licences_of_what_was_measured_count_as_well(tmp_path):
    run = make_run(tmp_path / "run", tasks=TASKS[:1])
    with pytest.raises(RunError, match="after.jsonl: task functions is not in the recipe"):
        write_card(run)
    save(run / "eval" / "after.jsonl", list(rows(16)), recipe={"tasks": [*TASKS, {"name": "aime24", "options": {}}]})
    with pytest.raises(RunError, match="task aime24: the licence of its problems .HuggingFaceH4/aime_2024 of the"):
        write_card(run)
    body = read_card(run, license_of_data={"aime24": "cc0-1.0"})[1]
    assert "| problems of aime24 | HuggingFaceH4/aime\\_2024 of the Hugging Face hub | cc0-1.0 |" in body


def test_known_licences_hold_for_the_known_source_only():
    assert [s.licence for s in data_sources([TaskUse("gsm8k"), TaskUse("mbpp")], {})] == ["mit", "cc-by-4.0"]
    for use in (
        TaskUse("gsm8k", options={"path": "a.jsonl"}),
        TaskUse("gsm8k", options={"hub": "me/mine"}),
        TaskUse("aime24"),
    ):
        with pytest.raises(RunError, match="the licence of its problems"):
            data_sources([use], {})


@pytest.mark.parametrize(
    ("files", "licence"),
    [
        ({"README.md": "---\nlicense: MIT\n---\n# x"}, "mit"),
        ({"README.md": "---\nlicense: other\nlicense_name: qwen-research\n---\n"}, "qwen-research"),
        ({"LICENSE": "   Apache License\n   Version 2.0, January 2004"}, "apache-2.0"),
        ({"README.md": "# x\n---\nlicense: mit\n---\n"}, None),
        ({"README.md": "---\nlicense: [a, b]\n---\n"}, None),
        ({"README.md": "---\n: : :\n---\n", "LICENSE": "All rights reserved"}, None),
        ({"README.md": "---\nlicense: 'mit\\n# x'\n---\n"}, None),
        ({}, None),
    ],
)
def test_the_licence_of_a_base_is_read_from_its_card_or_licence(tmp_path, files, licence):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    if licence:
        assert base_licence(str(tmp_path), None) == licence
    else:
        with pytest.raises(RunError, match="its licence is unknown"):
            base_licence(str(tmp_path), None)


def test_the_licence_of_a_hub_model_is_read_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--A--b"
    (folder / "refs").mkdir(parents=True)
    (folder / "snapshots" / "abc").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc" / "README.md").write_text("---\nlicense: gemma\n---\n")
    assert base_licence("A/b", None) == "gemma"
    assert base_folder("A/c") is None
    assert base_licence(TINY, None) == "apache-2.0"
