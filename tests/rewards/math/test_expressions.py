import pytest
from table import cases, judge

from verigrad_rewards.math import equivalent

ALGEBRA = [
    ("x^2+1", ["1+x^2", "x*x+1", "x²+1", "(x+i)(x-i)", "x^{2} + 1"], ["x^2-1", "x^2+2", "x^3+1", "x+1", "x^2", "y^2+1"]),
    ("(x-1)(x+1)", ["x^2-1", "(x+1)(x-1)", r"(x - 1) \cdot (x + 1)"], ["(x-1)(x-1)", "(x+1)^2", "x^2+1"]),
    (r"\frac{x+1}{2}", ["(x+1)/2", "x/2+1/2", "0.5x+0.5", r"\frac12(x+1)"], ["x+1/2", r"\frac{x}{2}+1", r"\frac{2}{x+1}"]),
    (r"\frac{x^2-1}{x-1}", ["x+1"], ["x-1", "x^2-1"]),
    ("x_1+x_2", ["x_{2} + x_{1}", r"x_{\text{1}}+x_2"], ["x_1+x_3", "x_1 x_2", "2x_1"]),
    (r"\frac{2GM}{c^2}", ["2GM/c^2", "2MG c^{-2}"], ["2GM/c", "GM/c^2", r"\frac{2GM}{c^3}"]),
    (r"\frac{1}{2} m v^2", ["mv^2/2", "0.5 m v^2", r"\frac{mv^2}{2}"], ["mv^2", r"\frac12 m v", r"\frac12 m^2 v"]),
    ("ab", ["ba", r"a\cdot b"], ["a+b", "a^b", "ac"]),
    ("2^{n-1}", [r"\frac{2^n}{2}", r"2^n/2", r"\frac{1}{2}\cdot 2^{n}"], ["2^{n+1}", "2n-1", "2^n-1", "2^{1-n}"]),
    (r"\frac{n(n+1)}{2}", ["n(n+1)/2", r"\binom{n+1}{2}", r"\sum_{k=1}^{n} k"], ["n(n-1)/2", r"\frac{n^2}{2}"]),
    ("(x+1)^{500}", ["(1+x)^{500}"], ["(x+1)^{501}", "x^{500}+1"]),
]  # fmt: skip
ROOTS = [
    (r"3\sqrt{2}", [r"\sqrt{18}", "3√2", "3*sqrt(2)", r"\frac{6}{\sqrt 2}", r"\sqrt2\cdot3"], [r"2\sqrt{3}", r"\sqrt[3]{2}"]),
    (r"\frac{\sqrt{3}}{3}", [r"\frac{1}{\sqrt{3}}", "sqrt(3)/3", "3^{-1/2}"], [r"\sqrt{3}", r"\frac{3}{\sqrt 3}"]),
    (r"\sqrt{5+2\sqrt6}", [r"\sqrt{2}+\sqrt{3}"], [r"\sqrt{2}-\sqrt{3}", r"\sqrt{5}+2\sqrt{6}"]),
    (r"\sqrt[3]{-8}", ["-2", "(-8)^{1/3}"], ["2"]),
    ("2i", [r"\sqrt{-4}", r"2 i", "i*2"], ["-2i", "2", "i^2"]),
    ("3-4i", ["-4i+3", r"(2-i)^2"], ["3+4i", "-3+4i", "4-3i"]),
    ("2", [], [r"\sqrt{2+\sqrt{2+\sqrt{2+\sqrt{2}}}}", "2+10^{-60}", r"2+e^{-300}"]),
    ("0", [r"\sqrt2+\sqrt3-\sqrt{5+2\sqrt6}", r"\sin\pi"], [r"10^{-60}\sqrt2"]),
]  # fmt: skip
FUNCTIONS = [
    (r"\sin 2x", [r"2\sin x\cos x", r"\sin(2x)", "sin(2x)"], [r"2\sin x", r"\cos 2x", r"\sin^2 x"]),
    (r"\sin^2 x", [r"1-\cos^2 x", r"(\sin x)^2", r"\frac{1-\cos 2x}{2}"], [r"\sin x^2", r"1-\cos x"]),
    (r"\sin^{-1} x", [r"\arcsin x", "asin(x)"], [r"\frac{1}{\sin x}", r"\csc x"]),
    (r"\ln 2", [r"-\ln\frac12", r"\frac{\ln 4}{2}", r"\log_e 2", "ln(2)"], [r"\log_2 3", r"\ln 3", r"\log_{10} 2"]),
    ("3", [r"\log_2 8", r"\log_{2}{8}", "log2(8)"], [r"\log_8 2", r"\log_2 9"]),
    (r"\frac{1}{2}", [r"\sin 30^\circ", r"\cos\frac{\pi}{3}", r"\sin(\pi/6)"], [r"\sin 30", r"\cos 30^\circ"]),
    ("e^{2x}", [r"\exp(2x)", "(e^x)^2", "e^{x}e^{x}"], ["e^{x^2}", "2e^x", "e^{-2x}"]),
    ("|x|", [r"\sqrt{x^2}", r"\left|x\right|", r"\lvert x\rvert", "abs(x)"], ["x", "-x", "x^2"]),
    ("x", [], ["|x|", r"\sqrt{x^2}", r"x+\sin(\pi x)", "x+10^{-9}", r"x+\lfloor x/1000\rfloor"]),
    (r"\lfloor n/2\rfloor", ["floor(n/2)"], [r"\lceil n/2\rceil", "n/2"]),
    ("n!", ["n(n-1)!", r"n\cdot(n-1)!"], ["(n-1)!", "n"]),
    ("7", [r"\max(3,7)", r"\gcd(14,21)", r"|-7|", r"\sum_{k=3}^{4} k"], [r"\min(3,7)", r"\sum_{k=1}^{4} k"]),
]  # fmt: skip
LARGE = [
    ("2^{10000}", ["4^{5000}", r"2\cdot 2^{9999}"], ["2^{10001}", "2^{9999}", "0"]),
    ("100!", [r"100\cdot 99!"], ["99!", "101!"]),
    (r"\binom{1000}{500}", [], [r"\binom{1000}{499}"]),
    ("9^{9^{9^{9}}}", [], ["9^{9^{9^{8}}}", "42"]),
    ("1", [], ["2^{12700}", "2^{127}", "10^{10^{10}}", "3^{48303167980650619331400783316663667352}"]),
]


@pytest.mark.parametrize(("gold", "answer", "right"), cases(ALGEBRA + ROOTS + FUNCTIONS + LARGE))
def test_expressions(gold, answer, right):
    judge(gold, answer, right)


@pytest.mark.parametrize("undefined", ["1/0", "0/0", r"\frac{1}{x-x}", r"\ln 0", r"\infty-\infty", r"0^{-1}", "0^0"])
def test_what_has_no_value_equals_nothing_else(undefined):
    for other in ("0", "1", "42", r"\infty", "x", "1/0+1"):
        assert not equivalent(undefined, other)
