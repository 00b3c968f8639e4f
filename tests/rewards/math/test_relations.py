import pytest
from table import cases, judge

EQUATIONS = [
    ("5", ["x=5", "x = 10/2 = 5", "f(3)=5", "m+n=5", r"\text{Area} = 5", "40/8=5", r"|z| = 5", "y' = 5"],
     ["5=6", "x=6", "x=5=6", "x>5", r"x\neq 5", "4+2=5"]),
    ("x=5", ["5", "5=x", "2x=10"], ["x=-5", "x=6", "x>5"]),
    ("y=2x+1", ["2x-y+1=0", "y-1=2x", "2y=4x+2", "2x+1", "f(x)=2x+1", r"y = 2(x+\frac12)"],
     ["y=2x-1", "y=-2x+1", "x=2y+1", "2x-y-1=0", "y=2x+2"]),
    ("x^2+y^2=25", ["y^2+x^2=25", r"\frac{x^2}{25}+\frac{y^2}{25}=1", "25-x^2=y^2"], ["x^2+y^2=24", "x^2-y^2=25", "25"]),
    ("x^2+1=0", ["-x^2=1"], ["x^2+2=0", "x^2+1=1", "0=0", "x=x"]),
    ("0=0", [], ["1=1", "x=x"]),
    ("xy=12", ["yx = 12"], ["x/y=12", "xy=21", "12"]),
    ("f(x)=x^2", ["x^2", "y=x^2", "f(x) = x \\cdot x"], ["f(x)=x^3", "f(x)=-x^2"]),
]  # fmt: skip
INEQUALITIES = [
    ("x>2", ["2<x", r"(2,\infty)", r"x\in(2,\infty)", "3x>6", r"\{x \mid x>2\}"], ["x<2", r"x\ge2", r"[2,\infty)", "2", "x>3"]),
    (r"-1\le x<3", ["[-1,3)", r"3>x\geq-1", "-1 <= x < 3", r"-2\le 2x<6"], ["(-1,3)", "[-1,3]", "-1<x<3", r"-3<x\le1"]),
    (r"|x-2|<3", ["(-1,5)", "-1<x<5"], ["[-1,5]", "|x-2|>3", "x<5"]),
    (r"x\ne 2", [r"(-\infty,2)\cup(2,\infty)", r"\mathbb{R}\setminus\{2\}", "x != 2"], ["2", "x=2", r"(-\infty,\infty)"]),
    (r"x<-1\text{ or }x>1", [r"(-\infty,-1)\cup(1,\infty)", "|x|>1", "x>1 or x<-1"], ["-1<x<1", "x>1", r"x\le-1 or x\ge1"]),
]  # fmt: skip
INTERVALS = [
    ("[0,1)", [r"\left[0,1\right)", "[ 0 , 1 )", r"0\le x<1"], ["(0,1)", "[0,1]", "[0,2)", "(0,1]", "0,1"]),
    (r"(-\infty,3]\cup(5,\infty)", [r"(5,\infty) \cup (-\infty, 3]", "(-∞,3] ∪ (5,∞)", "(-\\infty,3] U (5,\\infty)"],
     [r"(-\infty,3)\cup(5,\infty)", r"(-\infty,3]", r"(-\infty,3]\cap(5,\infty)"]),
    (r"(-\infty,\infty)", [r"\mathbb{R}", "all real numbers"], [r"(0,\infty)", r"\infty"]),
    (r"\left[\frac12,\sqrt3\right]", [r"[0.5,\sqrt{3}]", "[1/2, sqrt(3)]"], [r"[\frac12,3]"]),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "answer", "right"), cases(EQUATIONS + INEQUALITIES + INTERVALS))
def test_relations(gold, answer, right):
    judge(gold, answer, right)
