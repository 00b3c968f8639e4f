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


@pytest.mark.parametrize(
    "answer",
    [
        "5 dozen", "5 dozens", "5 lakh", "5 eighths", "5 more", "5 and more", "5 if n is odd", "5 (not sure)", "5, I think",
        "5 (rejected)", "5 ruled out", "5 repeating", "5 in binary", "5 DNE", "5 fails", "5 mod n", "5 more than n", "5pi",
        "5 squared", "The area is 5pi", "It is 5x", "under 5", "up to 5", "close to 5", "twice 5",
        "a multiple of 5", "divisible by 5", "far from 5", "unlikely to be 5", "the reciprocal of 5", "undefined at 5",
        "between 4 and 5", "5 or so", "not quite 5", "about 5", "5?", "anything but 5", "It might be 5", "ln 5", "5!",
        "area squared = 5", "twice the area = 5", "x^2 = 5 or so", "e to the 5", "5 when n is odd", "the sum of n and 5",
    ],
)  # fmt: skip
def test_words_that_make_another_value_of_a_number(answer):
    judge("5", answer, False)


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("5", "5 apples"), ("5", "5 red apples"), ("5", "5 boxes of pencils"), ("5", "5 people in total"), ("5", "5 (apples)"),
        ("5", "5 years old"), ("5", "She has 5 apples left."), ("5", "There are 5 of them."), ("5", "It lasts 5 days."),
        ("5", "That comes to 5 dollars."), ("5", "So 5 are left at closing time."), ("5", "A total of 5"), ("5", "5, because 2+3=5"),
        ("5 km", "5 km away"), ("8 hours", "eight hours"), (r"37.5^\circ", r"37^\circ 30'"),
    ],
)  # fmt: skip
def test_words_that_only_say_what_is_counted(gold, answer):
    assert verify(f"<answer>{answer}</answer>", gold).status is Status.CORRECT


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("5 km", "5 miles away"), ("3 feet", "3 inches tall"), ("5 m/s", "5 meters per hour"), ("60 mph", "60 hours per mile"),
        ("HHT", "HTH"), ("ABC", "CBA"), (r"\int f(x)\,dx", r"\int f(-x)\,dx"), (r"\lim_{x\to 1} f", r"\lim_{x\to -1} f"),
        ("group 3", "group -3"), ("A", "A is ruled out"), ("A", "(A) is incorrect, (B) is correct"), ("A", "A, though B is possible"),
        ("Paris", "Paris, London"), ("Yes", "Yes, but no"), ("Yes", "Yes. No."), ("10:20", "1:2"), (r"\{1,2\}\setminus\{2\}", r"\{2\}\setminus\{1,2\}"),
        ("f(x+y)", "f(x)+f(y)"), (r"\frac{dy}{dx}", r"\frac{y}{x}"), (r"\vec a\times\vec b", r"\vec b\times\vec a"),
        (r"\tanh 60", "1"), (r"\cosh 200", r"\sinh 200"), (r"\sqrt{10^{200}+1}-10^{100}", "0"), ("|x-10|", "10-x"), ("|x||y|", "xy"),
        (r"\lfloor x\rfloor", r"\lceil x\rceil-1"), ("x", "x+48303167980650619331400783316663667353"), ("4.25", "4.2..."), ("7,500", "500, 7"),
    ],
)  # fmt: skip
def test_what_looks_alike_is_not_the_same(gold, answer):
    judge(gold, answer, False)
