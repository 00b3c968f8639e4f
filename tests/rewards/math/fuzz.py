"""Run the random tests of the math verifier for a number of minutes, each round with a new seed: ``make fuzz``.

Prints a line a minute and ends with exit code 1 at the first failure, with the text that caused it.
"""

import random
import sys
import time
import traceback

from verigrad_rewards.math import SOURCES, equivalent, extract, verify

GOLDS = [
    "42",
    r"\frac{1}{2}",
    r"\sqrt{2}",
    "x^2+1",
    "(2,3)",
    r"\{1,2\}",
    "[0,1)",
    "x=5",
    r"\text{Evelyn}",
    "C",
    "5\\text{ cm}",
    "4130_5",
    "2<x<3",
]
PIECES = r"""
\frac \sqrt \boxed \boxed{ { } ( ) [ ] \{ \} $ $$ ^ _ + - * / = < > , . ; : ! | % & \\ \text{ \mathrm{ \begin{pmatrix} \end{pmatrix} \begin{cases} \sum_{k=1}^{9}
\int \left \right \left( \right) \pi \infty x y i e n k 1 2 3 42 0.5 1,000 10^{9} 9^{9^{9}} \pm \mp \cup \cap \setminus \le \ge \neq \approx \in or and not cm km/h
\circ ° <answer> </answer> <think> </think> #### A: answer is: sin \cos \log_2 \ln ! !! √ ² ½ ∞ ≤ π (C) C( 4130_5 _{16} \binom \pmod \bmod 3:2 \overline{3} \cdot
\times \choose \over \mid U \mathbb{R} \vec \hat{i} \mathbf{j} ... \ldots ' " ` ~ # @ é 中 percent million dollars \$ USD is log C \sum \log_ 10^ \overline \x00 equals maybe wrong Wait June 6:15 p.m. two half
""".split()
WORDS = """
i.e. (i.e. or equivalently that is which not but rather only no the answer so hence because since March 5th of Z 12:30 am mod base binary (not 7
st nd th s$ Q. !) @ (( )) \\text{only} only} \\end{align} \\boxed{3}, is
""".split()
RUNS = [
    " ", "\t", "\n", ",", ", ", ".", "0", "a", "a ", "A", "-", "(", "{", "\\", "$", "*", "=", "[", "1,", "or ", "not ", "{}", "\\,", "1 ",
]  # fmt: skip
LIMIT_S = 1.0


def mutate(rng: random.Random, text: str) -> str:
    """Return ``text`` with a few pieces put in, taken out or repeated."""
    parts = list(text) if rng.random() < 0.5 else text.split(" ")
    for _ in range(rng.randint(1, 5)):
        place = rng.randrange(len(parts) + 1)
        choice = rng.random()
        if choice < 0.5:
            parts.insert(place, rng.choice(PIECES))
        elif choice < 0.7 and parts:
            del parts[place % len(parts)]
        elif choice < 0.9:
            parts.insert(place, parts[place % len(parts)] * rng.choice((1, 2, 30)) if parts else "x")
        else:
            parts.insert(place, chr(rng.choice((rng.randrange(128), rng.randrange(0x3000), rng.randrange(0x110000)))))
    return ("" if len(parts) > 40 or rng.random() < 0.5 else " ").join(parts)


def pump(rng: random.Random) -> str:
    """Return pieces with long runs of one sign between them, which a pattern that backtracks takes long over."""
    count = rng.randint(1, 4)
    parts = [
        rng.choice((*PIECES, *WORDS, "")) + rng.choice(RUNS) * (3000 // count // rng.randint(1, 3))
        for _ in range(count)
    ]
    return "".join(parts)[:3900] + rng.choice((*PIECES, *WORDS))


def draw(rng: random.Random) -> str:
    """Return a random answer: pieces in a row, long runs, or a gold answer changed."""
    way = rng.random()
    if way < 0.02:
        return pump(rng)
    if way < 0.5:
        return rng.choice(("", " ")).join(rng.choices(PIECES, k=rng.randint(1, 30)))
    return mutate(rng, rng.choice(GOLDS))


def check(rng: random.Random) -> None:
    """Judge one random answer in every way and assert what must always hold."""
    text, gold = draw(rng), rng.choice(GOLDS)
    started = time.process_time()
    for response in (text, f"<answer>{text}</answer>", f"<think>{text}</think>{text}", f"So \\boxed{{{text}}}."):
        verdict = verify(response, gold, sources=rng.choice((SOURCES, (rng.choice(SOURCES),))))
        assert (verdict.reward == 1) == (str(verdict.status) == "correct")
    extract(text)
    other = mutate(rng, text)
    assert equivalent(text, gold) == equivalent(gold, text), "not symmetric"
    assert equivalent(text, other) == equivalent(other, text), f"not symmetric with {other!r}"
    spent = time.process_time() - started
    assert spent < LIMIT_S, f"took {spent:.2f} s"


def main() -> int:
    """Fuzz for as many minutes as the first argument says."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    start = time.monotonic()
    base = random.SystemRandom().randrange(10**9)
    count, said = 0, 0
    while time.monotonic() - start < 60 * minutes:
        seed = f"{base}/{count}"
        try:
            check(random.Random(seed))
        except Exception:
            print(f"seed {seed}: {draw(random.Random(seed))!r}")
            traceback.print_exc()
            return 1
        count += 1
        if time.monotonic() - start > 60 * (said + 1):
            said += 1
            print(f"{said} min: {count} random answers, nothing found", flush=True)
    print(f"{count} random answers in {minutes:g} minutes from seed {base}: nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
