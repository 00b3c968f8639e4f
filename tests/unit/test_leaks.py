import json
import random
import re
import time
from pathlib import Path

import pytest

from verigrad.check import check_recipe
from verigrad.errors import RecipeError
from verigrad.leaks import Leak, drop_or_refuse, find_leaks, require_disjoint
from verigrad.leaks.minhash import as_texts
from verigrad.leaks.sameness import covered, jaccard
from verigrad.leaks.words import words
from verigrad.recipe import load_recipe
from verigrad.tasks import chain_sum, countdown, functions, gsm8k
from verigrad.tasks.mix import held_out_problems
from verigrad.tasks.types import Split
from verigrad_rewards import Problem

DATA = Path(__file__).parents[3] / "shared" / "data"

LONG = (
    "A baker sells 48 rolls on Monday and twice as many on Tuesday. On Wednesday she closes early and sells 15 rolls "
    "fewer than on Monday. Each roll costs 0.75 dollars. How much money did the baker take in over the three days?"
)
SUMS = "Evaluate the expression 1,250 + (17*23) - 40/8 and give the result."


def problems(kind, *questions):
    return [Problem(f"t/{kind}/{i}", question) for i, question in enumerate(questions)]


def rule(train, held_out):
    """Return the rule by which two questions are the same, however the two are swapped."""
    one = find_leaks(problems("train", train), problems("held_out", held_out))
    other = find_leaks(problems("train", held_out), problems("held_out", train))
    assert [leak.rule for leak in one] == [leak.rule for leak in other]
    return one[0].rule if one else None


def change(old, new):
    assert old in LONG
    return LONG.replace(old, new)


def sentences(text):
    return re.split(r"(?<=[.?]) ", text)


@pytest.mark.parametrize(
    ("copy", "original", "expected"),
    [
        (LONG, LONG, "exact"),
        (LONG.upper(), LONG, "exact"),
        (LONG.replace(" ", "  \n"), LONG, "exact"),
        (LONG.replace(".", " !").replace("0 !75", "0.75").replace(",", ""), LONG, "exact"),
        (LONG.translate({ord(c): ord(c) + 0xFEE0 for c in "ABHOWabehow0123456789"}), LONG, "exact"),
        (LONG.translate(str.maketrans("aeocpxy", "аеосрху")), LONG, "exact"),
        (LONG.replace("e", "e\u200b"), LONG, "exact"),
        (LONG.replace("e", "é"), LONG, "exact"),
        (change("three", "3"), LONG, "exact"),
        (change("baker sells", "**baker** sells"), LONG, "exact"),
        (SUMS.replace("1,250", "1250"), SUMS, "exact"),
        (SUMS.replace("1,250", "1\u202f250"), SUMS, "exact"),
        (SUMS.replace("1,250", "1250.00").replace("17*23", "17 × 23"), SUMS, "exact"),
        (SUMS.replace("(17*23)", r"\left( 17 \times 23 \right)"), SUMS, "exact"),
        (SUMS.replace("1,250 + (17*23) - 40/8", r"$1{,}250 + (17 \cdot 23) − 40 ÷ 8$"), SUMS, "exact"),
        ("今天小明有3个苹果,又买了5个。", "今天小明有3个苹果，又买了5个", "exact"),
        ("🙂🙂", "🙂🙂", "exact"),
        (f"Problem 7. {LONG}", LONG, "13-gram"),
        (f"You are a careful tutor. Solve this: {LONG} Put the answer in \\boxed{{}}.", LONG, "13-gram"),
        (change("baker take", "woman take"), LONG, "13-gram"),
        (" ".join(sentences(LONG)[i] for i in (2, 0, 1, 3)), LONG, "13-gram"),
        (f"{LONG} Tom has 4 cats, which has nothing to do with it.", LONG, "13-gram"),
        (" ".join([*sentences(LONG)[:2], "The shop has 9 windows.", *sentences(LONG)[2:]]), LONG, "13-gram"),
        ("Answer: which river flows through the old town of Bern", "Which river flows through the old town of Bern?", "8-gram"),
        ("Compute: What is 17*23?", "What is 17*23?", "short"),
        ("Calculate 17 × 23.", "What is 17*23?", "short"),
        ("Compute (17*23)", "What is 17*23?", "short"),
        ("3. Solve step by step, and put the final result into a box at the end: 17*23=?", "17*23=?", "short"),
        ("Question: Who wrote Hamlet? Answer in one word.", "Who wrote Hamlet?", "short"),
        ("Tell me the capital of France.", "What is the capital of France?", "short"),
        (change("sells 48 rolls", "bakes 48 rolls").replace("closes early", "shuts early").replace("costs", "is"), LONG, "13-gram"),
        ("Which of the old bridges in the town of Bern is the highest above its river, counted from the water up to the road?",
         "Which of the old bridges in the town of Bern is the longest above its river, counted from the water up to the road?",
         "8-gram"),
    ],
)  # fmt: skip
def test_copies_are_found(copy, original, expected):
    assert rule(copy, original) == expected


@pytest.mark.parametrize(
    ("train", "held_out"),
    [
        ("What is 17+23?", "What is 17*23?"),
        ("What is 17*24?", "What is 17*23?"),
        ("What is 117*23?", "What is 17*23?"),
        ("What is 17*23+4?", "What is 17*23?"),
        ("What is 17*23 plus 4?", "What is 17*23?"),
        ("What is half of 17*23?", "17*23=?"),
        ("What is -3+5?", "What is 3+5?"),
        ("(1+2)*3=?", "1+2*3=?"),
        ("x² + 1 = 0, solve", "x2 + 1 = 0, solve"),
        ("3+5=?", "40+42=?"),
        ("1+2+3+4+5+6=?", "1+2+3+4+5=?"),
        ("1+2+3+4+5+6+7+8-9=?", "1+2+3+4+5+6+7+8+9=?"),
        ("9-8-7-6-5-4-3-2-1=?", "1-2-3-4-5-6-7-8-9=?"),
        ("What is it?", "What is the name of the river, and how long is it?"),
        ("How many are left?", f"{LONG} How many are left?"),
        ("What is the capital of Spain?", "What is the capital of France?"),
        ("How many seconds are in 3 hours 20 minutes?", "How many seconds are in 3 hours?"),
        (change("48", "52"), LONG),
        (change("48", "52").replace("15", "12").replace("0.75", "0.80"), LONG),
        (change("twice", "half").replace("15 rolls fewer", "20 rolls more"), LONG),
        ("Tom has 12 apples and gives 5 to Ann. How many apples does he have left in total?",
         "Ben picks 30 apples and eats 7 of them. How many apples does he have left in total?"),
        ("Write a python function to find the sum of even factors of a number.",
         "Write a python function to find the sum of common divisors of two given numbers."),
        ("Write a function to find the nth octagonal number.", "Write a function to find the nth nonagonal number."),
        ("", "What is 17*23?"),
        ("?", "!"),
    ],
)  # fmt: skip
def test_what_is_only_alike_passes(train, held_out):
    assert rule(train, held_out) is None


def test_near_duplicates_need_no_run_of_eight_words():
    text = [f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(70)]
    parts = [text[i : i + 7] for i in range(0, 70, 7)]
    shuffled = [word for part in parts[::-1] for word in part]
    assert covered(shuffled, text) == 0
    assert rule(" ".join(shuffled), " ".join(text)) == "near"
    # the shingles of a refrain are the same however often it stands there
    refrain = [word for part in (0, 1, 2, 1, 0, 2, 0) for word in parts[part]]
    other = [word for part in (2, 1, 0, 1, 2, 0, 1, 0, 2, 1, 2, 0) for word in parts[part]]
    assert jaccard(refrain, other) >= 0.8
    assert rule(" ".join(refrain), " ".join(other))
    backwards = [word for k in range(0, 70, 2) for word in reversed(text[k : k + 2])]
    assert rule(" ".join(backwards), " ".join(text)) is None


def test_an_instruction_that_all_share_is_set_aside():
    ask = "Read the question below with care, think about it step by step, and answer with a single word. "
    asked = {
        "train": ("What is the capital of Chile?", "Who painted Guernica?", "Which metal is liquid?"),
        "held_out": ("What is the capital of Malta?", "Who wrote Hamlet?", "Which gas is lightest?", "Name a prime."),
    }
    train, held_out = (problems(kind, *(ask + q for q in questions)) for kind, questions in asked.items())
    assert find_leaks(train, held_out) == []
    leaked = problems("other", f"{ask}Who wrote Hamlet?", "Please tell me: Which gas is lightest?")
    found = find_leaks([*train, *leaked], held_out)
    assert [(leak.rule, leak.train_id, leak.held_out_id) for leak in found] == [
        ("exact", "t/other/0", "t/held_out/1"),
        ("short", "t/other/1", "t/held_out/2"),
    ]


def test_two_templates_filled_in_alike_are_two_problems():
    names = ("Tom", "Ann", "Bob", "Eve", "Joe", "Kim", "Lea", "Max", "Ned", "Pam", "Ron", "Sue", "Ted")
    eat = "{} has {} apples in a big basket and eats {} of them during the day. How many apples are left over now?"
    buy = "{} finds {} stamps in an old box and buys {} more on the way to the post office. How many are there now?"
    filled = [(name, 3 + i, 2 + i % 5) for i, name in enumerate(names)]
    held_out = [*(eat.format(*f) for f in filled), *(buy.format(name, a, b + 20) for name, a, b in filled)]
    train = [buy.format(*f) for f in filled]
    assert find_leaks(problems("train", *train), problems("held_out", *held_out)) == []
    (leak,) = find_leaks(problems("train", train[0].replace("Tom", "Zoe")), problems("held_out", *held_out, train[0]))
    assert leak.held_out_id == f"t/held_out/{len(held_out)}"


@pytest.mark.parametrize("task", [chain_sum, countdown, functions])
def test_generated_problems_are_compared_by_canonical_form_alone(task):
    train, held_out = task.load(Split.TRAIN, 3, 300), [*task.load(Split.HELD_OUT, 3, 300), *task.load(Split.OOD, 3, 50)]
    assert find_leaks(train, held_out) == []
    assert all(problem.info["canonical"] for problem in train)
    found = find_leaks([*train, held_out[5]], held_out)
    assert {leak.rule for leak in found} == {"canonical"}
    assert held_out[5].id in {leak.held_out_id for leak in found}


def test_generated_problems_of_another_wording_have_one_canonical_form():
    train = [Problem("chain_sum/train/a", "3+5-2=?", "6", {"canonical": "chain_sum [-2, 3, 5]"})]
    held_out = [Problem("chain_sum/held_out/b", "5-2+3=?", "6", {"canonical": "chain_sum [-2, 3, 5]"})]
    assert find_leaks(train, held_out) == [
        Leak("canonical", "chain_sum/train/a", "chain_sum/held_out/b", "chain_sum [-2, 3, 5]")
    ]


def test_generated_and_written_problems_are_compared_by_their_text():
    made = chain_sum.load(Split.TRAIN, 0, 20)
    written = problems("held_out", made[7].question.replace("=?", " = ?"), f"Compute: {made[8].question}")
    assert [(leak.rule, leak.train_id) for leak in find_leaks(made, written)] == [("exact", made[7].id)]


def test_measures_by_hand():
    a, b = list("abcdefghijkl"), list("abcdefghXjkl")
    assert covered(a, b) == 8 / 12
    assert jaccard(list("abcd"), list("abce")) == 1 / 3  # abc of abc, bcd, bce
    signatures, owners = as_texts([list("ab"), list("abcdef"), list("abcdef")]).signatures()
    assert owners.tolist() == [1, 2]
    assert (signatures[0] == signatures[1]).all()


def test_a_signature_estimates_the_similarity():
    rng = random.Random(0)
    base = [str(rng.random()) for _ in range(400)]
    other = base[:300] + [str(rng.random()) for _ in range(100)]
    signatures, _ = as_texts([base, other]).signatures()
    assert abs((signatures[0] == signatures[1]).mean() - jaccard(base, other)) < 0.2


def test_words_keep_what_decides():
    assert words("What is 17 x 23, in *dollars*?")[2:5] == ["17", "*", "23"]
    assert words("½ of 1{,}000 is 500.00") == ["1", "/", "2", "of", "1000", "is", "500"]
    assert words("a half-price, five-year-old's x - y ≠ 2**3") == [
        *"a half price 5 year olds x - y".split(), "≠", "2", "^", "3"
    ]  # fmt: skip
    assert words(r"$\dfrac{1}{2}$") == words(r"\(\frac 1 2\)") == [r"\frac", "1", "2"]


def test_many_leaks_are_one_line_with_the_first_pairs():
    same = [f"What is {i}*{i + 2}, if the {i} is a number?" for i in range(5)]
    with pytest.raises(RecipeError) as error:
        require_disjoint(problems("train", *same), problems("held_out", *same))
    said = str(error.value)
    assert "\n" not in said
    assert said.startswith("tasks: found 5 pairs of a train and a held-out problem that are the same; take them out of")
    assert "with 'leaks: drop': t/train/0 is t/held_out/0 (exact: 'what is 0 * 2 if the 0 is a number'), " in said
    assert said.endswith(" and 2 more ('verigrad check' lists them)")
    require_disjoint(problems("train", *same[:2]), problems("held_out", *same[2:]))


def recipe_file(folder, train, held_out, more=""):
    for name, rows in (("train", train), ("held_out", held_out)):
        lines = [json.dumps({"question": question, "answer": "1"}) + "\n" for question in rows]
        (folder / f"{name}.jsonl").write_text("".join(lines))
    file = folder / "recipe.yaml"
    options = f"{{path: {folder}/train.jsonl, held_out: {folder}/held_out.jsonl}}"
    file.write_text(f"model: m\noutput_dir: o\ntasks: [{{name: jsonl, options: {options}}}]\n{more}")
    return str(file)


def test_check_lists_every_pair(tmp_path):
    train = [f"What is {i}*{i + 2}?" for i in range(60)]
    file = recipe_file(tmp_path, train, [f"Compute {q}" for q in train[:55]])
    with pytest.raises(RecipeError) as error:
        check_recipe(file, [])
    first, *pairs, more = str(error.value).splitlines()
    assert first.startswith("tasks: found 55 pairs")
    assert len(pairs) == 50
    assert more == "  and 5 more"
    assert all(
        re.fullmatch(r"  jsonl/train/(\d+) is jsonl/held_out/\1 \(short: 'what is [\d* ]+'\)", pair) for pair in pairs
    )
    said = check_recipe(file, ["leaks=drop"])
    assert said[-52] == (
        "leaks: 60 train and 55 held-out problems compared, 55 train problems are left out (leaks: drop)"
    )
    assert check_recipe(recipe_file(tmp_path, train, ["1+1"]), [])[-1] == (
        "leaks: 60 train and 1 held-out problems compared, none is the same"
    )


def test_drop_leaves_out_the_train_side(tmp_path):
    file = recipe_file(tmp_path, ["1+1", "2+2", "3+3"], ["What is 2+2?"], "leaks: drop\n")
    train, said = problems("train", "1+1", "2+2", "3+3"), []
    assert [p.question for p in drop_or_refuse(load_recipe(file), train, said.append)] == ["1+1", "3+3"]
    assert said == ["leaks: 1 of 3 train problems are held out as well and left out"]
    with pytest.raises(RecipeError, match="leaks: drop leaves no train problem: all 1 are held out as well"):
        drop_or_refuse(load_recipe(file), train[1:2], said.append)
    with pytest.raises(RecipeError, match="found 1 pair of a train"):
        drop_or_refuse(load_recipe(file, ["leaks=refuse"]), train, said.append)
    assert drop_or_refuse(load_recipe(file), train[:1], said.append) == train[:1]
    assert len(said) == 1


def test_all_that_is_measured_counts_as_held_out(tmp_path):
    file = tmp_path / "r.yaml"
    file.write_text(
        "model: m\noutput_dir: o\ntasks: [{name: chain_sum}]\n"
        "eval: {tasks: [{name: countdown}], problems: 30, ood_problems: 20, every_problems: 10}\n"
    )
    ids = [problem.id.rsplit("/", 1)[0] for problem in held_out_problems(load_recipe(file))]
    assert {name: ids.count(name) for name in ids} == {
        "countdown/held_out": 30, "countdown/ood": 20, "chain_sum/held_out": 10
    }  # fmt: skip
    quiet = held_out_problems(load_recipe(file, ["eval.every=0", "eval.ood_problems=0"]))
    assert len(quiet) == 30
    own = held_out_problems(load_recipe(file, ["eval.tasks=[]", "eval.every_problems=20"]))
    assert len(own) == 50  # the quick checks ask a part of the same problems


@pytest.mark.skipif(not (DATA / "gsm8k_test.jsonl").is_file(), reason="shared/data is not there")
def test_real_word_problems_pass_and_a_planted_copy_does_not():
    path = str(DATA / "gsm8k_test.jsonl")
    train, held_out = (gsm8k.load(split, 0, None, path=path) for split in (Split.TRAIN, Split.HELD_OUT))
    assert find_leaks(train, held_out) == []
    assert [leak.rule for leak in find_leaks(problems("train", held_out[3].question + " Think first."), held_out)] == [
        "13-gram"
    ]


@pytest.mark.skipif(not (DATA / "svamp_test.jsonl").is_file(), reason="shared/data is not there")
def test_problems_of_another_set_pass():
    rows = [json.loads(line) for line in (DATA / "svamp_test.jsonl").read_text().splitlines()]
    svamp = problems("train", *(f"{row['Body']} {row['Question']}" for row in rows))
    assert find_leaks(svamp, gsm8k.load(Split.TRAIN, 0, None, path=str(DATA / "gsm8k_test.jsonl"))) == []


def test_a_large_set_takes_seconds():
    rng = random.Random(0)
    vocabulary = [f"w{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)}" for i in range(3000)]
    made = [" ".join(rng.choices(vocabulary, k=60)) for _ in range(4400)]
    start = time.perf_counter()
    assert len(find_leaks(problems("train", *made[:4001]), problems("held_out", *made[4000:]))) == 1
    assert time.perf_counter() - start < 5
