"""Random expressions: rewritten they stay equal, changed they do not; random text never crashes or hangs."""

import time
from fractions import Fraction

from fuzz import PIECES
from hypothesis import given, settings
from hypothesis import strategies as st

from verigrad_rewards import Problem, Response, Status
from verigrad_rewards.math import SOURCES, countdown, equivalent, multiple_choice, verify

NAMES = st.sampled_from(["x", "y", "n", "a_1", r"\theta", r"\pi", r"\sqrt{2}", "3", "7", r"\frac{2}{5}", "0.5", "i"])


def branch(children):
    pair = st.tuples(children, children)
    return st.one_of(
        pair.map(lambda p: f"({p[0]})+({p[1]})"),
        pair.map(lambda p: rf"({p[0]})\cdot({p[1]})"),
        pair.map(lambda p: rf"\frac{{{p[0]}}}{{{p[1]}+11}}"),
        children.map(lambda c: f"({c})^{{2}}"),
        children.map(lambda c: rf"\sin({c})"),
        children.map(lambda c: rf"\left|{c}\right|"),
    )


EXPRESSIONS = st.recursive(NAMES, branch, max_leaves=6)
REWRITES = [
    "0+{0}", "({0})*1", "-(-({0}))", r"\frac{{2({0})}}{{2}}", "({0})+5-5", r"\left({0}\right)", "2({0})-({0})", "${0}$", r"\frac12({0})+\frac12({0})",
    "({0})^1", r"\displaystyle {0}\,", "({0}+1)-1",
]  # fmt: skip
CHANGES = [
    "({0})+1",
    "({0})-0.001",
    "({0})+x^3+2",
    r"({0})+\frac{{1}}{{1000}}",
    r"({0})+10^{{-9}}",
    "({0})+i",
    r"({0})-\pi",
]


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS, st.sampled_from(REWRITES))
def test_a_rewritten_expression_is_equal(expression, rewrite):
    other = rewrite.format(expression)
    assert equivalent(expression, other)
    assert equivalent(other, expression)


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS, st.sampled_from(CHANGES), st.sampled_from(REWRITES))
def test_a_changed_expression_is_not(expression, change, rewrite):
    other = rewrite.format(change.format(expression))
    assert not equivalent(expression, other)
    assert not equivalent(other, expression)


@settings(max_examples=60, deadline=None)
@given(st.fractions(max_denominator=999), st.integers(2, 9))
def test_every_spelling_of_a_number_is_equal_and_a_near_one_is_not(value, k):
    top, bottom = value.numerator, value.denominator
    spellings = [
        str(value),
        f"{top * k}/{bottom * k}",
        rf"\frac{{{top}}}{{{bottom}}}",
        rf"\dfrac{{{-top}}}{{{-bottom}}}",
    ]
    if bottom == 1:
        spellings += [f"{top:,}", f"${top:,}.00", f"{top} apples", f"{top}.0", f"x = {top}", rf"{top}\text{{ cm}}"]
    for said in spellings:
        assert equivalent(said, str(value))
        assert equivalent(str(value), said)
        assert not equivalent(said, str(value + Fraction(1, 10**6)))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=2, max_size=6, unique=True), st.randoms(use_true_random=False))
def test_sets_have_no_order_and_tuples_do(values, random):
    shuffled = random.sample(values, len(values))
    text, other = (", ".join(map(str, v)) for v in (values, shuffled))
    assert equivalent(rf"\{{{text}\}}", rf"\{{{other}\}}")
    assert equivalent(text, other)
    assert equivalent(f"({text})", f"({other})") is (values == shuffled)
    assert not equivalent(text, f"{other}, 51")


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([*PIECES, "\x00"]) | st.text(max_size=3), max_size=25), st.sampled_from(["", " "]))
def test_random_text_is_judged_at_once(pieces, joint):
    text = joint.join(pieces)
    problem = Problem("c/1", "q", "B", info={"numbers": [1, 2], "target": 3, "choices": ["1", "2"]})
    started = time.process_time()
    for response in (text, f"<answer>{text}</answer>", f"<think>{text}</think>{text}", f"\\boxed{{{text}}}"):
        for source in (*SOURCES, SOURCES):
            verdict = verify(response, r"\frac{1}{2}", sources=source if isinstance(source, tuple) else (source,))
            assert (verdict.reward == 1) == (verdict.status is Status.CORRECT)
    countdown(problem, Response(f"<answer>{text}</answer>"))
    multiple_choice(problem, Response(f"<answer>{text}</answer>"))
    assert equivalent(text, "17") == equivalent("17", text)
    assert time.process_time() - started < 2
