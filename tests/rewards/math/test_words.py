import pytest
from table import cases, judge

from verigrad_rewards import Status
from verigrad_rewards.math import verify

TEXT = [
    (r"\text{Evelyn}", ["Evelyn", r"\textbf{Evelyn}", "evelyn", r"$\text{Evelyn}$"], ["Evelynn", "Carla", "not Evelyn", "Evelyn or Carla"]),
    (r"\text{even}", ["even", "even function", "Even."], ["odd", "neither", "even or odd", "not even"]),
    ("Yes", ["yes", r"\text{Yes}"], ["no", "yes and no", "maybe"]),
    (r"\text{March 14, 2015}", ["14 March 2015", "March 14th, 2015"], ["March 15, 2015", "14 April 2015"]),
    (r"\text{6:15 p.m.}", ["6:15 PM", "6:15 pm", r"6\!:\!15\text{ p.m.}"], ["6:15 am", "6:51 pm", "18:15"]),
    ("undefined", ["DNE", "does not exist", r"\text{undefined}"], ["0", r"\infty"]),
    (r"\infty", ["infinity", r"+\infty", "∞"], [r"-\infty", "0"]),
]  # fmt: skip
LETTERS = [
    ("C", ["(C)", r"\text{(C)}", r"\textbf{(C)}", "C.", "option C", r"\textbf{(C)}\ 42", "C) 42"],
     ["B", "(D)", "B or C", "C, D", "(C) or (D)", "A, B, C, D, E", "ABCDE", "c or d"]),
    (r"\text{(B)}", ["B", "(B)", "Option B"], ["A", "D"]),
    ("42", [r"(C)\ 42", r"\textbf{(C)}\ 42"], [r"(C)\ 41", "C"]),
]  # fmt: skip
UNITS = [
    (r"5\text{ cm}", ["5", "5 cm", "5cm", r"5\,\mathrm{cm}", "5 centimeters", r"5.0\text{ cm}"], ["5 m", "6 cm", r"5\text{ cm}^2", "50 cm"]),
    (r"12\text{ cm}^2", ["12", "12 square centimeters", r"12\,\mathrm{cm^2}", "12 cm²"], ["12 cm", r"12\text{ m}^2"]),
    ("10 m/s", [r"10\ \mathrm{m\,s^{-1}}", "10 meters per second", r"10\ \frac{\mathrm{m}}{\mathrm{s}}"], ["10 km/h", "10 m", "10 m/s^2"]),
    (r"50\ \Omega", ["50 ohms", "50"], [r"50\ \mathrm{k\Omega}"]),
    (r"\$32,348", ["32348", "$32,348.00", "32,348 dollars", r"32{,}348"], ["32,349", "$32", "3234.8"]),
    (r"90^\circ", ["90", "90°", "90 degrees", r"90^{\circ}"], ["9", "45°", "90 cm"]),
    (r"45\%", ["45%", "0.45", "45 percent", "9/20"], ["4.5%", "54%", "0.045"]),
    ("18 apples", ["18", "18 apples", "18 apples in total"], ["17 apples", "18 or 17 apples"]),
    (r"\frac12 mg", ["mg/2", "0.5mg"], ["mg", "m/2"]),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "answer", "right"), cases(TEXT + LETTERS + UNITS))
def test_words(gold, answer, right):
    judge(gold, answer, right)


@pytest.mark.parametrize(
    ("response", "gold", "status"),
    [
        ("Maria is the tallest.", "Maria", Status.CORRECT),
        ("Maria is not the tallest.", "Maria", Status.WRONG),
        ("No, 91 is not prime.", "No", Status.CORRECT),
        ("Yes, because all sides agree.", "No", Status.WRONG),
        ("C because A and B are too small", "C", Status.CORRECT),
        ("C, or D if you round", "C", Status.WRONG),
        ("It is 42 apples.", "42", Status.CORRECT),
        ("3 * 14 = 42.\nSo the total is 42.", "42", Status.CORRECT),
        ("not 24 but 42", "42", Status.CORRECT),
        ("not 42 but 24", "42", Status.WRONG),
        ("41 42 43", "42", Status.WRONG),
        ("42 plus two", "42", Status.WRONG),
        ("at least 42", "42", Status.WRONG),
        ("42 squared", "42", Status.WRONG),
        ("42?", "42", Status.WRONG),
        ("about 42", "42", Status.WRONG),
        ("I do not know.", "42", Status.NO_ANSWER),
    ],
)
def test_sentences_in_an_answer_tag(response, gold, status):
    assert verify(f"<answer>{response}</answer>", gold).status is status
