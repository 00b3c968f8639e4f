from fractions import Fraction

import pytest
from table import cases, judge

from verigrad_rewards.math import equivalent, read_number, verify

WHOLE = [
    ("42", ["42.0", "+42", "042", "42.", "$42$", r"\(42\)", r"\boxed{42}", "４２", "forty-two", "(42)", "{42}", "42.000"],
     ["-42", "24", "420", "4.2", "42.000001", "42x", "42!", r"\sqrt{42}", "4242", "42%", "x", "1/42"]),
    ("0", ["-0", "0.0", "0/5", "zero"], ["1", "0.001", r"\infty"]),
    ("-7", ["−7", "- 7", "–7", r"\text{-}7", "-7.0"], ["7", "-17", "-0.7"]),
    ("1234567", ["1,234,567", "1{,}234{,}567", r"1\,234\,567", r"1,\!234,\!567", "1 234 567"], ["1,234,56", "12345670"]),
    ("1024", ["2^{10}", "2^10", "2**10", r"32^2", r"4\cdot 256", "1.024e3"], ["2^{11}", "1025", "2^1 0"]),
    ("120", ["5!", r"\binom{10}{3}", "C(10,3)", "6!/6"], ["5", "4!", r"\binom{10}{4}", "5!!"]),
    ("5000000", ["5 million", "5.0 million", r"5\times 10^6", "5e6", "5 × 10⁶"], ["5 billion", "5", r"5\times 10^7"]),
]  # fmt: skip
FRACTIONS = [
    (r"\frac{3}{4}", ["3/4", r"\dfrac34", r"\tfrac{3}{4}", "0.75", ".75", "6/8", "75%", r"75\%", r"\frac{-3}{-4}", "¾",
                      r"{3 \over 4}", "three quarters", r"3\div 4"],
     ["4/3", "3/5", "0.74", "-3/4", r"\frac{4}{3}", "75", "3", "3/40"]),
    (r"-\frac{1}{3}", [r"\frac{-1}{3}", r"\frac{1}{-3}", "-1/3", r"-0.\overline{3}"], ["1/3", "-0.33", "-0.3333333", "-3"]),
    (r"1\frac{1}{2}", ["1 1/2", "3/2", "1.5", "1½", r"\frac{3}{2}"], [r"1\cdot\frac12", "1/2", "11/2", "2.5"]),
    ("0.1", [r"\frac{1}{10}", "10^{-1}", "10%", "0.10"], ["0.01", "1", "0.1000001"]),
    (r"\frac{1}{6}", [r"0.1\overline{6}", r"0.1\bar{6}"], ["0.1666", "0.17", r"0.\overline{16}"]),
    (r"\frac{1}{\frac{2}{3}}", ["3/2", "1.5"], ["2/3", "1/6"]),
]  # fmt: skip
DECIMALS = [
    (r"\sqrt{2}", ["1.4142", "1.41421356", "1.41421356...", r"2^{1/2}"], ["1.41", "1.4143", "1.4141", "1.5", "2"]),
    (r"\pi", ["3.14159", "3.1416", "π", "pi", r"\approx 3.14159"], ["3.14", "22/7", "3.1417", "3.1415"]),
    ("3.14159265", ["3.1416", "3.14159"], ["3.14", "3.1417"]),
    ("25.75", ["25.750", "103/4"], ["25.751", "25.7", "25.76", "26"]),
    ("262537412640768744", [], [r"e^{\pi\sqrt{163}}"]),
]  # fmt: skip
TINY = [
    ("10^{-30}", ["1e-30", r"1\times 10^{-30}", "0." + "0" * 29 + "1"], ["2e-30", "10^{-31}", "0", r"10^{-30}+10^{-60}"]),
    (r"6.63\times 10^{-34}", ["6.63e-34", r"6.63\cdot10^{-34}", "6.63 x 10^-34", r"0.663\times10^{-33}"],
     ["6.63e-33", "6.62e-34", "6.63", r"6.63\times 10^{34}"]),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "answer", "right"), cases(WHOLE + FRACTIONS + DECIMALS + TINY))
def test_numbers(gold, answer, right):
    judge(gold, answer, right)


def test_a_rounding_counts_only_when_asked_for():
    assert not equivalent("0.33", "1/3")
    assert equivalent("0.33", "1/3", rounded=True)
    assert equivalent("1.41", r"\sqrt{2}", rounded=True)
    assert not equivalent("0.34", "1/3", rounded=True)
    assert not equivalent("0.3", "1/3", rounded=True)  # one digit shows too little


def test_a_percent_sign_may_be_dropped_where_the_question_asks_for_a_percentage():
    assert verify("<answer>60%</answer>", "60").reward == 0
    assert verify("<answer>60%</answer>", "60", question="What percent of them are red?").reward == 1
    assert verify("<answer>60</answer>", "60%", question="What percentage is red?").reward == 1
    assert verify("<answer>0.6</answer>", "60%", question="What percentage is red?").reward == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7), ("-7", -7), ("+7", 7), ("007", 7), ("0.50", "1/2"), (".5", "1/2"), ("5.", 5), ("-3/4", "-3/4"),
        ("1 1/2", "3/2"), ("-1 1/2", "-3/2"), (r"\dfrac34", "3/4"), ("1,234,567", 1234567), ("$18.00", 18),
        ("$-18", -18), ("-$18", -18), ("18 dollars", 18), ("50%", "1/2"), ("12.5 percent", "1/8"), ("1.5e3", 1500),
        (r"1.5 \times 10^{3}", 1500), ("2e-2", "1/50"), ("x = 5", 5), (r"12\text{ cm}", 12), ("5 million", 5_000_000),
        ("2 hundred thousand", 200_000), ("5 m/s", 5), ("12cm", 12), ("12 cm²", 12), ("90°", 90), ("½", "1/2"),
        ("**42**", 42), ("The answer is 42", 42), ("total = 42", 42), ("18€", 18), ("seven", 7),
    ],
)  # fmt: skip
def test_written_numbers_are_read_exactly(text, value):
    assert read_number(text) == Fraction(value)


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "1,23", "3+4", "7 or 5", "7, 5", "not 42", "> 42", "1/0", "1.2.3", "2^5", "5x", "5!", "1/2/3",
     "nan", "٤٢", "0x10", "1_000", "=", "1 2", "9" * 5000, "x = y = 5", r"\sqrt{4}", "4\u200b2", "42 squared", "~42"],
)  # fmt: skip
def test_what_is_no_written_number_is_not_read(text):
    assert read_number(text) is None
