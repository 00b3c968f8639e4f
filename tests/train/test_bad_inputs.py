"""Data, models and settings that are wrong: each is refused in one line, or stops the run; and secrets."""

import gzip

import pytest
from runs import EMBEDDING, UNSOLVED, assert_error, broken_model, recipe, refused, tasks, trained, write_rows

from verigrad.archive import read_rollouts
from verigrad.models.names import TINY_FOLDER
from verigrad.train.command import main


def test_every_row_is_used_when_rollouts_do_not_divide_them(tmp_path):
    write_rows(tmp_path / "train.jsonl", UNSOLVED[:5])
    code, said = trained(
        tmp_path,
        tmp_path / "run",
        tasks(tmp_path / "train.jsonl"),
        "max_steps=5",
        "save_every=0",
        "preflight.allow_dead=true",
    )
    assert code == 0, said
    asked = [row["problem"] for row in list(read_rollouts(tmp_path / "run"))[::4]]
    assert sorted(asked) == sorted([f"jsonl/train/{i}" for i in range(5)] * 2)


GOOD = UNSOLVED[0]


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        ([], ["task jsonl: has no train problems; check its options"]),
        ([GOOD], ["tasks: found 1 train problems; one rollout needs 2 (prompts_per_step ×", "bring more problems"]),
        (
            [GOOD, {"answer": "3"}],
            ["rows.jsonl:2: field 'question' is None; allowed is text. The row has the fields answer"],
        ),
        ([GOOD, GOOD, {"question": None, "answer": "3"}], ["rows.jsonl:3: field 'question' is None; allowed is text"]),
        ([GOOD, {"question": " ", "answer": "3"}], ["rows.jsonl:2: field 'question' is ' '; allowed is text"]),
        ([GOOD, {"question": "?", "answer": True}], ["rows.jsonl:2: field 'answer' is True; allowed is text"]),
        ([GOOD, {"question": "?", "answer": ""}], ["rows.jsonl:2: field 'answer' is ''; allowed is text"]),
        ([GOOD, "null"], ["rows.jsonl:2: found 'None'; allowed is an object"]),
        ([GOOD, '{"question": '], ["rows.jsonl:2: not JSON: Expecting value at column"]),
    ],
)
def test_wrong_rows_are_refused_with_their_line(problems, tmp_path, capsys, rows, parts):
    write_rows(tmp_path / "rows.jsonl", rows)
    said = refused(capsys, problems, tmp_path / "run", tasks(tmp_path / "rows.jsonl", problems / "held_out.jsonl"))
    assert all(part in said for part in parts), said
    assert not (tmp_path / "run").exists()


def test_wrong_rows_are_found_before_the_weights(problems, tmp_path, capsys):
    write_rows(tmp_path / "rows.jsonl", [])
    said = refused(capsys, problems, tmp_path / "run", tasks(tmp_path / "rows.jsonl"), "model=/nonexistent")
    assert "has no train problems" in said


LONG = {"question": "+".join("1" * 300) + "=?", "answer": "300"}


@pytest.mark.parametrize(
    ("train", "held_out"),
    [
        ([GOOD, LONG], [UNSOLVED[1]]),
        ([GOOD, UNSOLVED[1]], [LONG]),
    ],
)  # fmt: skip
def test_prompts_that_do_not_fit_are_refused(tmp_path, capsys, train, held_out):
    write_rows(tmp_path / "train.jsonl", train)
    write_rows(tmp_path / "held_out.jsonl", held_out)
    said = refused(capsys, tmp_path, tmp_path / "run", "eval.every=1", "max_steps=1", "max_prompt_tokens=511")
    assert "its prompt has 60" in said
    assert "allowed is max_prompt_tokens: 511" in said


LAYER = "model.layers.1.mlp.up_proj.weight"


def of_100_tokens(tensors):
    tensors[EMBEDDING] = tensors[EMBEDDING][:100].clone()


def with_nan(tensors):
    tensors[LAYER][3, 5] = float("nan")


def without_a_layer(tensors):
    del tensors[LAYER]


def with_a_small_layer(tensors):
    tensors[LAYER] = tensors[LAYER][:3].clone()


@pytest.mark.parametrize(
    ("change", "config", "parts"),
    [
        (of_100_tokens, {"vocab_size": 100}, ["its tokenizer has 129 tokens, its embedding 100 rows"]),
        (None, {"max_position_embeddings": 24}, ["its context has 24 tokens; the longest prompt has ", "max_response_tokens 20"]),
        (None, {"model_type": "nope"}, ["cannot be loaded", "does not recognize this architecture"]),
        pytest.param(with_nan, {}, [LAYER, "not finite"]),
        pytest.param(without_a_layer, {}, [LAYER]),
        pytest.param(with_a_small_layer, {}, ["cannot be loaded"]),
    ],
)  # fmt: skip
def test_models_that_cannot_be_trained_are_refused(problems, tmp_path, capsys, change, config, parts):
    said = refused(
        capsys, problems, tmp_path / "run", f"model={broken_model(tmp_path, change, **config)}", "max_steps=1"
    )
    assert all(part in said for part in ["/model'", *parts]), said


@pytest.mark.parametrize(
    ("name", "change", "part"),
    [
        ("tokenizer_config.json", lambda text: text.replace(b'"pad_token": "<|pad|>",', b""), "has no pad token"),
        ("chat_template.jinja", lambda text: b"", "has no chat template; put a chat_template.jinja"),
        ("config.json", lambda text: text[:200], "config.json' is not a valid JSON file"),
        ("tokenizer.json", lambda text: text[:3000], "its tokenizer cannot be loaded"),
        pytest.param("chat_template.jinja", lambda text: text + b"{% if %}", "chat template"),
        pytest.param("model.safetensors", lambda data: data[:-1000], "cannot be loaded"),
    ],
)  # fmt: skip
def test_model_files_that_are_broken_are_refused(problems, tmp_path, capsys, name, change, part):
    model = broken_model(tmp_path)
    (model / name).write_bytes(change((model / name).read_bytes()))
    assert part in refused(capsys, problems, tmp_path / "run", f"model={model}", "max_steps=1")


def test_a_model_without_a_trained_weight_is_refused(problems, tmp_path):
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(TINY_FOLDER)
    adapted = get_peft_model(base, LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    adapted.save_pretrained(broken_model(tmp_path))
    code, said = trained(problems, tmp_path / "run", f"model={tmp_path / 'model'}")
    assert code == 1
    assert_error(
        said, "no weight of the model is trained: every parameter is frozen", "unfreeze it, or train an adapter"
    )


@pytest.mark.parametrize(
    ("rate", "stops", "parts"),
    [
        ("1e-30", 1, ["step 1: the optimizer took a step and no weight changed: the learning rate 1e-30 is lost in rounding",
                   "Raise the learning rate"]),
        ("0", 2, ["grpo.learning_rate: found 0.0; allowed is 1e-30 to 0.5"]),
        ("1e30", 2, ["grpo.learning_rate: found 1e+30; allowed is 1e-30 to 0.5"]),
    ],
)  # fmt: skip
def test_learning_rates_that_cannot_work_stop_the_run(problems, tmp_path, rate, stops, parts):
    code, said = trained(problems, tmp_path / "run", f"grpo.learning_rate={rate}", "max_steps=2")
    assert code == stops
    assert_error(said, *parts)
    assert not (tmp_path / "run" / "model").exists()


REFUSED = [  # (override, what the message must name)
    ("grpo.loss_type=nope", "loss_type"), ("grpo.optim=nope", "nope is not a valid OptimizerNames"), ("grpo.num_iterations=0", "num_iterations"),
    ("grpo.gradient_accumulation_steps=0", "gradient_accumulation_steps"), ("grpo.learning_rate=-1", "learning_rate"),
    ("grpo.temperature=0", "temperature"), ("grpo.temperature=-1", "temperature"), ("lora={targets: [nope]}", "nope"),
]  # fmt: skip


@pytest.mark.parametrize(("override", "named"), REFUSED)
def test_settings_that_trl_would_refuse_are_refused_in_one_line(problems, tmp_path, capsys, override, named):
    assert named in refused(capsys, problems, tmp_path / "run", override, "max_steps=1")


SECRETS = {"HF_TOKEN": "hf_PLANTEDsecret123456", "OPENAI_API_KEY": "sk-PLANTEDsecret123456"}


def test_no_file_of_a_run_holds_a_secret(problems, tmp_path):
    run = tmp_path / "run"
    code, said = trained(problems, run, "max_steps=1", "grpo.beta=0.1", env=SECRETS)
    assert code == 0, said
    files = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    assert {"run.json", "manifest.json", "step-000001.jsonl.gz"} <= {file.name for file in files}
    assert "training_args.bin" not in {file.name for file in files}
    for file, data in files.items():
        text = gzip.decompress(data) if file.suffix == ".gz" else data
        assert not [value for value in SECRETS.values() if value.encode() in text], file
    assert not [value for value in SECRETS.values() if value in said]


@pytest.mark.slow
def test_a_recipe_that_holds_a_secret_is_refused_without_showing_it(problems, tmp_path):
    code, said = trained(problems, tmp_path / "run", f"instruction={SECRETS['HF_TOKEN']}", "max_steps=1", env=SECRETS)
    assert code == 2
    assert_error(said, "instruction: holds the value of HF_TOKEN, and a run folder keeps its recipe")
    assert SECRETS["HF_TOKEN"] not in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "key",
    ["grpo.hub_token", "grpo.push_to_hub_token",
     pytest.param("hub_token")],
)  # fmt: skip
def test_a_token_in_the_recipe_is_refused_and_not_echoed(problems, tmp_path, capsys, key):
    assert main(recipe(problems, tmp_path / "run", f"{key}={SECRETS['HF_TOKEN']}")) == 2
    error = assert_error(capsys.readouterr().err, "hub_token")
    assert "PLANTED" not in error
    assert not (tmp_path / "run").exists()
