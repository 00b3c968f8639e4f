"""What the model wrote before and after, side by side, a few problems of each kind of change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path

from markupsafe import Markup

from verigrad.evaluate.plan import SAMPLED
from verigrad.evaluate.records import Records, Sample, read_rows
from verigrad.lines import Row
from verigrad.report.gather import Run
from verigrad.report.html import Section, folded, paragraph, tag
from verigrad.report.text import amount, block, clean, name
from verigrad.tasks.types import Split
from verigrad.thinking import split_thinking
from verigrad_rewards.types import Status

PER_KIND, OPEN = 16, 2  # transcripts shown of each kind, and how many of them unfolded
ROOM = 480_000  # bytes of the page that transcripts may take
THINK, REST, QUESTION = 2_400, 1_600, 1_200  # characters shown
HEAD = 110  # characters of the question in the line that unfolds a transcript
KINDS = {
    "wrong-right": "wrong → right",
    "right-wrong": "right → wrong",
    "right-right": "both right",
    "wrong-wrong": "both wrong",
}
ENDS = {True: "", False: ", cut at the limit"}


@dataclass(frozen=True, slots=True)
class Pairs:
    """The problems that both sides answered.

    Attributes:
        decode: name of the decoding.
        kinds: problems by kind of change, in the order in which they are shown.
        unscored: problems left out because a side could not be scored.
    """

    decode: str
    kinds: Mapping[str, Sequence[str]]
    unscored: int


def transcripts(run: Run) -> Section | None:
    """Return the transcripts, None unless both sides answered."""
    if run.before is None or run.after is None:
        return None
    found = pair(run.before, run.after)
    if not any(found.kinds.values()):
        return None
    wanted = {kind: problems[:PER_KIND] for kind, problems in found.kinds.items()}
    chosen = set(chain.from_iterable(wanted.values()))
    texts = [rows_of(side.file, found.decode, chosen) for side in (run.before, run.after)]
    tags = [think_tag(side, run.think_tag) for side in (run.before, run.after)]
    articles = within_room(wanted, texts, tags)
    shown = {kind: sum(k == kind for k, _ in articles) for kind in KINDS}
    blocks = [paragraph(intro(found), "dim"), choices(found, shown), *(article for _, article in articles)]
    return Section("transcripts", "What it wrote, before and after", blocks)


def pair(before: Records, after: Records) -> Pairs:
    """Return the problems by what became of their first response before and after."""
    decode = SAMPLED if before.part(Split.HELD_OUT, SAMPLED) else "greedy"
    first, second = (
        {s.problem: s for s in side.part(Split.HELD_OUT, decode) if s.sample == 0} for side in (before, after)
    )
    kinds: dict[str, list[Sample]] = {kind: [] for kind in KINDS}
    unscored = 0
    for problem in (p for p in first if p in second):
        a, b = first[problem], second[problem]
        if Status.UNSCORED in (a.status, b.status):
            unscored += 1
        else:
            kinds[f"{mark(a.status)}-{mark(b.status)}"].append(a)
    return Pairs(decode, {kind: in_turn(samples) for kind, samples in kinds.items()}, unscored)


def mark(status: str) -> str:
    """Return right or wrong."""
    return "right" if status == Status.CORRECT else "wrong"


def in_turn(samples: Sequence[Sample]) -> list[str]:
    """Return the problems of all tasks in turn, so that a few of them show every task."""
    tasks: dict[str, list[str]] = {}
    for sample in samples:
        tasks.setdefault(sample.task, []).append(sample.problem)
    return [problem for turn in zip_longest(*tasks.values()) for problem in turn if problem is not None]


def rows_of(file: Path, decode: str, problems: set[str]) -> dict[str, Row]:
    """Return the first record of each of ``problems`` with its text."""
    rows = islice(read_rows(file), 1, None)
    place = (Split.HELD_OUT, decode, 0)
    return {
        row["problem"]: row
        for row in rows
        if row["problem"] in problems and (row["split"], row["decode"], row["sample"]) == place
    }


def think_tag(records: Records, default: str) -> str:
    """Return the name of the tag around the thinking."""
    form = records.measured.get("format")
    return str(form.get("think_tag") or default) if isinstance(form, Mapping) else default


def within_room(
    wanted: Mapping[str, Sequence[str]], texts: Sequence[Mapping[str, Row]], tags: Sequence[str]
) -> list[tuple[str, Markup]]:
    """Return the transcripts that the page has room for, the kinds in turn; then those of a kind stand together."""
    turns = zip_longest(*([(kind, p) for p in problems] for kind, problems in wanted.items()))
    left, made = ROOM, []
    for kind, problem in filter(None, chain.from_iterable(turns)):
        opened = sum(k == kind for k, _ in made) < OPEN
        article = transcript(kind, texts[0][problem], texts[1][problem], tags, opened=opened)
        left -= len(article.encode("utf-8", errors="backslashreplace"))
        if left < 0:
            break
        made.append((kind, article))
    return sorted(made, key=lambda item: list(KINDS).index(item[0]))


def intro(found: Pairs) -> str:
    """Return what is shown."""
    left = f" {found.unscored} problems were left out: a side could not be scored." if found.unscored else ""
    return (
        f"The first {clean(found.decode)} response to held-out problems, the tasks in turn. The counts are of all "
        f"problems, not only of those shown.{left}"
    )


def choices(found: Pairs, shown: Mapping[str, int]) -> Markup:
    """Return the filter: one radio button per kind, which the page's CSS follows."""
    total = sum(map(len, found.kinds.values()))
    options = [choice("all", "all", total, sum(shown.values()), checked="")]
    options += [choice(kind, title, len(found.kinds[kind]), shown[kind]) for kind, title in KINDS.items()]
    return tag("fieldset", tag("legend", "Show"), *options, class_="filter")


def choice(key: str, title: str, total: int, shown: int, checked: str | None = None) -> Markup:
    """Return one radio button with its label."""
    button = tag("input", type="radio", name="show", id=f"show-{key}", checked=checked)
    counts = tag("span", f"{total:,}" if shown == total else f"{total:,}, {shown} shown", class_="count")
    return tag("label", button, tag("span", title, " ", counts))


def transcript(kind: str, before: Row, after: Row, tags: Sequence[str], *, opened: bool) -> Markup:
    """Return one problem with both responses, unfolded or not."""
    question = str(before.get("question", ""))
    short = name(question, HEAD)
    gold = name(before["answer"]) if before.get("answer") else "decided by hidden tests"
    level = "" if before.get("level") is None else Markup(", level {}").format(name(before["level"], 40))
    sides = (("before", before, tags[0]), ("after", after, tags[1]))
    return tag(
        "details",
        tag("summary", tag("span", KINDS[kind], class_="kind"), tag("h3", short)),
        tag(
            "div",
            block(question, QUESTION) if len(question) > HEAD or "\n" in question else "",
            tag("p", name(before["task"]), level, Markup(" · gold answer: {}").format(gold), class_="dim"),
            tag("div", *(side(*s) for s in sides), class_="sides"),
        ),
        class_=f"pair {kind}",
        open="" if opened else None,
    )


def side(when: str, row: Row, think: str) -> Markup:
    """Return one response, the thinking folded."""
    thinking, rest = split_thinking(str(row.get("response", "")), think)
    right = mark(row["status"])
    sign = "✓" if right == "right" else "✗"
    status = str(row["status"]).replace("_", " ")
    told = f": {clean(row['detail'], 400)}" if row.get("detail") else ""
    read = Markup(" · read as {}").format(name(row["read"])) if row.get("read") is not None else ""
    tokens = f"{row['num_tokens']:,} tokens, {row['think_tokens']:,} of them thinking{ENDS[row['finished']]}"
    return tag(
        "section",
        tag("h4", f"{when}: ", tag("span", f"{sign} {status}", class_=right)),
        tag("p", tokens, read, class_="dim"),
        folded(f"thinking, {amount(len(thinking))} characters", block(thinking, THINK)) if thinking else no_thinking(),
        block(rest or "(nothing besides the thinking)", REST),
        tag("p", "verdict: ", tag("bdi", f"{status}{told}"), class_="dim"),
        class_=f"side {right}",
    )


def no_thinking() -> Markup:
    """Return that there is no thinking."""
    return paragraph("no thinking", "dim")
