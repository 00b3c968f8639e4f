import pytest
import torch

from verigrad.models.load import end_tokens, load_model, load_tokenizer
from verigrad.models.prompt import Prompter
from verigrad.models.sample import GREEDY, Decoding, noise, pick, sample_ids
from verigrad.tasks import TASKS
from verigrad.tasks.types import Split
from verigrad_rewards.structure import Tags


@pytest.fixture(scope="module")
def tiny():
    tokenizer, model = load_tokenizer("verigrad/tiny"), load_model("verigrad/tiny", seed=0)
    prompter = Prompter(tokenizer, Tags(), tuple(end_tokens(model, tokenizer)))
    problems = [p for t in ("chain_sum", "functions") for p in TASKS[t].load(Split.HELD_OUT, 0, 12)]
    return model, prompter, [prompter.token_ids(p, None) for p in problems]


def run(tiny, prompts, seeds, **options):
    settings = {"max_tokens": 48, "temperature": 1.0, "batch_size": 64} | options
    return sample_ids(tiny[0], prompts, seeds, Decoding(tiny[1].end_ids, **settings))


def test_greedy_decoding_is_that_of_generate(tiny):
    model, prompter, prompts = tiny
    ours = run(tiny, prompts, [0] * len(prompts), temperature=GREEDY)
    for prompt, ids in zip(prompts, ours, strict=True):
        theirs = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)), do_sample=False, max_new_tokens=48)  # fmt: skip
        assert ids == prompter.until_end(theirs[0, len(prompt) :].tolist())[0]


def test_a_response_does_not_depend_on_its_batch(tiny):
    prompts = tiny[2]
    seeds = list(range(len(prompts)))
    assert run(tiny, prompts, seeds) == run(tiny, prompts, seeds, batch_size=5)


def test_equal_prompts_share_a_prefill_and_differ_by_seed(tiny):
    group = [tiny[2][0]] * 8
    together = run(tiny, group, list(range(8)))
    assert together == [run(tiny, group[:1], [i])[0] for i in range(8)]
    assert len({tuple(ids) for ids in together}) > 1


def test_tokens_follow_the_softmax():
    logits = torch.log(torch.tensor([[0.1, 0.2, 0.7]])).expand(20_000, 3)
    tokens = pick(logits, noise(list(range(20_000)), 1)[:, 0], 1.0)
    shares = torch.bincount(tokens, minlength=3) / 20_000
    assert torch.allclose(shares, torch.tensor([0.1, 0.2, 0.7]), atol=0.015)


def test_responses_keep_prefill_tags_and_say_whether_they_ended(tiny):
    prompter = tiny[1]
    ids = prompter.tokenizer("<think>a</think><answer>1</answer><|end|>12")["input_ids"]
    (ended, cut) = prompter.responses([ids, ids[:5]])
    assert (ended.text, ended.finished) == ("<think>a</think><answer>1</answer>", True)
    assert (cut.finished, cut.num_tokens) == (False, 5)
    assert prompter.responses([]) == []
    template = prompter.tokenizer.chat_template
    prompter.tokenizer.chat_template = template.replace("<|assistant|>{% endif %}", "<|assistant|><think>\n{% endif %}")
    try:
        assert prompter.responses([ids[1:]])[0].text.startswith("<think>\na</think>")
    finally:
        prompter.tokenizer.chat_template = template
