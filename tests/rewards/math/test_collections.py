import pytest
from table import cases, judge

TUPLES = [
    ("(2,3)", ["(2, 3)", r"\left(2,3\right)", r"\langle 2,3\rangle", "(x,y)=(2,3)", "x=2, y=3", r"\begin{pmatrix}2\\3\end{pmatrix}"],
     ["(3,2)", "(2,3,0)", "(2,-3)", r"\{2,3\}", "[2,3]", "2", "(2,3]", "x=3, y=2"]),
    (r"\left(3,\frac{\pi}{2}\right)", ["(3, pi/2)", r"(3,0.5\pi)"], [r"(3,\pi)", r"(\frac{\pi}{2},3)"]),
    ("(1,2,3)", [r"\langle 1,2,3\rangle", r"\mathbf{i}+2\mathbf{j}+3\mathbf{k}", r"\hat{i}+2\hat{j}+3\hat{k}"], ["(1,3,2)", "(1,2)"]),
]  # fmt: skip
SETS = [
    (r"\{1,2,3\}", ["{3,2,1}", r"\{ 3, 1, 2 \}", "1, 2, 3", r"\{1,2,2,3\}", "1, 2 and 3"], [r"\{1,2\}", r"\{1,2,3,4\}", "(1,2,3)"]),
    ("1, 2", ["2, 1", "1 and 2", "1 or 2", "x=1 or x=2", r"x=1,\; x=2", r"1\text{ and }2", r"\boxed{1},\boxed{2}"],
     ["1", "1, 3", "1, 2, 3", "-1, 2"]),
    (r"\pm 2", ["2, -2", r"x=\pm2", "2 or -2", r"\{-2,2\}"], ["2", "-2", "4"]),
    (r"1\pm\sqrt{19}", [r"1+\sqrt{19}, 1-\sqrt{19}", r"1\mp\sqrt{19}"], [r"1+\sqrt{19}", r"\pm\sqrt{19}", r"-1\pm\sqrt{19}"]),
    ("5", [r"\{5\}", "x=5"], ["5, 6", "5 or 6", r"\{5,6\}"]),
    (r"\emptyset", [r"\{\}", r"\varnothing", "no solution", "the empty set"], ["0", r"\{0\}"]),
    (r"\frac{\pi}{4}+k\pi, k\in\mathbb{Z}", [r"k\pi+\frac{\pi}{4}", r"\frac{\pi}{4}+n\pi, n\in\mathbb{Z}"], [r"\frac{\pi}{4}+2k\pi", r"\frac{\pi}{4}"]),
]  # fmt: skip
MATRICES = [
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", [r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "[[1,2],[3,4]]",
                                                r"\left(\begin{array}{cc}1&2\\3&4\end{array}\right)", r"\frac12\begin{pmatrix}2&4\\6&8\end{pmatrix}"],
     [r"\begin{pmatrix}1&3\\2&4\end{pmatrix}", r"\begin{pmatrix}1&2\\3&5\end{pmatrix}", "(1,2,3,4)", "1, 2, 3, 4"]),
    (r"\begin{vmatrix}a&b\\c&d\end{vmatrix}", ["ad-bc"], ["ab-cd", "ad+bc"]),
]  # fmt: skip
BASES_AND_RATIOS = [
    ("4130_5", ["4130_{5}", "(4130)_5", "4130 base 5", r"4130_{\text{five}}"], ["4130", "4130_6", "4131_5", "540"]),
    ("2A_{16}", ["(2A)_{16}", "2A base 16"], ["2A_{17}", "2B_{16}", "42"]),
    ("3:2", ["6:4", "3 : 2", "3 to 2", "3/2"], ["2:3", "3:4"]),
    ("6:15", ["6{:}15"], ["6:51", "5:16"]),
    (r"n\equiv 3\pmod 7", [r"n \equiv 3 \bmod 7", r"n\equiv 3 \pmod{7}"], [r"n\equiv 4\pmod 7", r"n\equiv 3\pmod 5", "3"]),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "answer", "right"), cases(TUPLES + SETS + MATRICES + BASES_AND_RATIOS))
def test_collections(gold, answer, right):
    judge(gold, answer, right)


def test_commas_separate_thousands_or_values():
    judge("10,000", "10000", True)
    judge("(1,200)", "(1, 200)", True)
    judge("10,000", "(10, 0)", False)
    judge("1,234", "1,235", False)


def test_large_collections_are_compared_at_once():
    gold = r"\{" + ",".join(map(str, range(500))) + r"\}"
    judge(gold, r"\{" + ",".join(map(str, reversed(range(500)))) + r"\}", True)
    judge(gold, r"\{" + ",".join(map(str, range(1, 501))) + r"\}", False)
