from pathlib import Path

import pytest

from verigrad.errors import RecipeError
from verigrad.recipe import load_recipe, write_recipe

RECIPES = sorted(Path(__file__).parents[2].glob("recipes/**/*.yaml"))
TEXT = """model: verigrad/tiny
output_dir: runs/a
tasks:
  - name: chain_sum
    options: {difficulty: [3, 6]}
grpo:
  learning_rate: 1e-4
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize("path", [p for p in RECIPES if "accelerate" not in p.parts], ids=lambda p: p.stem)
def test_every_recipe_loads(path):
    assert load_recipe(path).tasks


def test_resolved_recipe_is_the_recipe(file, tmp_path):
    recipe = load_recipe(file, ["seed=3", "eval.problems=10", "tasks.0.weight=2"])
    assert (recipe.seed, recipe.eval.problems, recipe.tasks[0].weight) == (3, 10, 2.0)
    write_recipe(recipe, tmp_path / "b.yaml")
    assert load_recipe(tmp_path / "b.yaml") == recipe


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("sede=3", "override sede: unknown key 'sede'. Did you mean 'seed'?"),
        ("seed=x", "seed: found 'x'; allowed is a whole number"),
        ("seed=1.5", "seed: found 1.5; allowed is a whole number"),
        ("seed=true", "seed: found True; allowed is a whole number"),
        ("group_size=1", "group_size: found 1; allowed is 2 or more"),
        ("stage=grp", "stage: found 'grp'; allowed is 'grpo' or 'sft'. Did you mean 'grpo'?"),
        ("eval.temperature=nan", "eval.temperature: found nan; allowed is 0.01 to 10"),
        ("tasks.7.weight=2", "tasks has items 0 to 0"),
        ("output_dir=../x", "output_dir: found '../x'"),
        ("format.think_tag=a<", "tag name 'a<'"),
        ("shaping=[{name: think_answer, weight: 2}]", "the weights sum to 2; allowed is less than 1"),
        ("tasks=[]", "tasks: found none"),
        ("stage=sft", "phases: stage sft needs at least one"),
        ("seed", "write key=value"),
    ],
)
def test_wrong_keys_and_values_are_one_line(file, override, said):
    with pytest.raises(RecipeError) as caught:
        load_recipe(file, [override])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT + "seed: 1\nseed: 2\n", "a.yaml:9: key 'seed' stands twice"),
        (TEXT + "sed: 1\n", "a.yaml:8: unknown key 'sed'. Did you mean 'seed'?"),
        ("model: x\n", "tasks: is missing"),
        ("a: [1", "not YAML"),
        ("- 1\n", "a recipe is a mapping"),
        ("", "a recipe is a mapping"),
    ],
)
def test_broken_files_are_one_line(file, text, said):
    file.write_text(text)
    with pytest.raises(RecipeError) as caught:
        load_recipe(file)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(RecipeError, match="no such recipe"):
        load_recipe(tmp_path / "none.yaml")
