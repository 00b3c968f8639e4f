"""The architecture and the tokenizer of the tiny model that ships with the kit.

A Qwen3 of 0.5 M parameters whose tokenizer has one token per printable ASCII character, one per frequent word of
the generated tasks, and the think/answer tags as single, non-special tokens: decoding never drops them.
"""

import string
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen3Config

PAD, UNKNOWN, USER, ASSISTANT, END = "<|pad|>", "<|unk|>", "<|user|>", "<|assistant|>", "<|end|>"
TAGS = ("<think>", "</think>", "<answer>", "</answer>")
QUESTION_WORDS = (
    "Write f(x): ", "Find f(x): ", "add ", "subtract ", "multiply by ", "sum of ", "count of ", "max of ",
    " in x if v is ", "even", "odd", "above ", "below ", ", or 0", "Make ", " from ",
)  # fmt: skip
CODE_WORDS = (
    "def f(x):", "\n    return ", "sum(", "len([", "max([", " for v in x if ", "],default=0)", "%2==",
)  # fmt: skip
CONTEXT = 512

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}<|assistant|>{{ message['content'] }}<|end|>"
    "{% else %}<|user|>{{ message['content'] }}<|end|>{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokenizer: under 150 tokens, every printable ASCII text survives a round trip."""
    characters = [c for c in string.printable if c.isprintable() or c == "\n"]
    special = [PAD, UNKNOWN, USER, ASSISTANT, END]
    vocabulary = {token: i for i, token in enumerate([*special, *TAGS, *QUESTION_WORDS, *CODE_WORDS, *characters])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")  # type: ignore[assignment]
    tokenizer.decoder = decoders.Fuse()  # type: ignore[assignment]
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in special])
    words = [*TAGS, *QUESTION_WORDS, *CODE_WORDS]
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in words])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def build_config(tokenizer: PreTrainedTokenizerFast) -> Qwen3Config:
    """Return the architecture: four Qwen3 layers of width 96, embeddings tied."""
    return Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=96,
        intermediate_size=288,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.convert_tokens_to_ids(PAD),  # pyright: ignore[reportArgumentType]
        eos_token_id=tokenizer.convert_tokens_to_ids(END),  # pyright: ignore[reportArgumentType]
        bos_token_id=None,
        dtype="float32",
        architectures=["Qwen3ForCausalLM"],
    )


def write_untrained(folder: Path) -> None:
    """Write tokenizer, config and generation config, all but the weights, to ``folder``."""
    tokenizer = build_tokenizer()
    tokenizer.save_pretrained(folder)
    build_config(tokenizer).save_pretrained(folder)
    GenerationConfig(
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        do_sample=True,
        temperature=1.0,
    ).save_pretrained(folder)
