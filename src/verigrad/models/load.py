"""Load a model and its tokenizer by name, checked for what training and sampling need."""

import hashlib
import os
import warnings
from typing import Any

import torch
from jinja2 import TemplateError
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    set_seed,
)

from verigrad.errors import RunError
from verigrad.models.names import resolve
from verigrad.models.prompt import Prompter
from verigrad.recipe.schema import Recipe


def load_tokenizer(name: str) -> PreTrainedTokenizerBase:
    """Return the tokenizer of ``name``, padding on the left.

    Raises:
        RunError: it cannot be loaded, or has no chat template, pad token or end-of-sequence token.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(resolve(name), padding_side="left")
    except (OSError, ValueError) as error:
        raise RunError(f"model {name!r}: its tokenizer cannot be loaded: {first_line(error)}") from None
    if not tokenizer.chat_template:
        raise RunError(
            f"model {name!r}: its tokenizer has no chat template; put a chat_template.jinja beside its tokenizer, "
            "or choose an instruction-tuned model"
        )
    try:
        tokenizer.apply_chat_template([{"role": "user", "content": "?"}], tokenize=False, add_generation_prompt=True)
    except TemplateError as error:
        raise RunError(f"model {name!r}: its chat template cannot be rendered: {first_line(error)}") from None
    if tokenizer.eos_token_id is None:
        raise RunError(f"model {name!r}: its tokenizer has no end-of-sequence token; set eos_token in its config")
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        found = "no pad token" if tokenizer.pad_token_id is None else "one token for padding and for the end"
        raise RunError(
            f"model {name!r}: its tokenizer has {found}; the end could not be learned. Set pad_token in its "
            "tokenizer_config.json to a token of its own"
        )
    return tokenizer


def load_model(name: str, *, seed: int, from_scratch: bool = False, dtype: str = "float32") -> PreTrainedModel:
    """Return the model ``name`` in ``dtype``; with ``from_scratch`` its architecture with random weights.

    Raises:
        RunError: it cannot be loaded.
    """
    path = resolve(name)
    precision = getattr(torch, dtype)
    try:
        if from_scratch:
            set_seed(seed)
            return AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(path), dtype=precision)
        found: Any = AutoModelForCausalLM.from_pretrained(path, dtype=precision, output_loading_info=True)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise RunError(f"model {name!r}: cannot be loaded: {first_line(error)}") from None
    model, loaded = found
    if missing := sorted(loaded["missing_keys"]):
        raise RunError(
            f"model {name!r}: its files lack {missing[0]} and {len(missing) - 1} other weights, which would be random; "
            "download it again, or start with from_scratch: true"
        )
    require_finite(model, name)
    return model


def require_finite(model: PreTrainedModel, name: str) -> None:
    """Refuse weights that are not finite.

    Raises:
        RunError: with the first such parameter.
    """
    for parameter, weights in model.named_parameters():
        if not bool(torch.isfinite(weights).all()):
            raise RunError(f"model {name!r}: its parameter {parameter} is not finite; download it again, or mend it")


def end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return every token id that ends a turn: the tokenizer's and those of the generation config."""
    configured = model.generation_config.eos_token_id if model.generation_config else None
    listed = configured if isinstance(configured, list) else [configured]
    return sorted({int(i) for i in [tokenizer.eos_token_id, *listed] if i is not None})


def make_prompter(recipe: Recipe, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Prompter:
    """Return what renders prompts for ``model``."""
    options = recipe.grpo.get("chat_template_kwargs") or {}
    return Prompter(tokenizer, recipe.format.tags(), tuple(end_tokens(model, tokenizer)), options)


def check_sizes(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Refuse a tokenizer whose ids go beyond the embedding.

    Raises:
        RunError: with both sizes.
    """
    embedding: Any = model.get_input_embeddings()
    rows = embedding.weight.shape[0]
    if len(tokenizer) > rows:
        raise RunError(
            f"model {name!r}: its tokenizer has {len(tokenizer)} tokens, its embedding {rows} rows; they do not belong "
            "together, or the embedding was not resized after tokens were added"
        )


def load_for(recipe: Recipe, device: Any) -> tuple[PreTrainedModel, Prompter]:
    """Return the model of a recipe on ``device``, and what renders its prompts.

    Raises:
        RunError: it or its tokenizer cannot be loaded, or they do not belong together.
    """
    tokenizer = load_tokenizer(recipe.model)
    model = load_model(recipe.model, seed=recipe.seed, from_scratch=recipe.from_scratch)
    check_sizes(model, tokenizer, recipe.model)
    model.to(device)
    return model, make_prompter(recipe, model, tokenizer)


def context_of(model: PreTrainedModel) -> int | None:
    """Return how many positions a model knows, None where its config does not say."""
    return getattr(model.config.get_text_config(), "max_position_embeddings", None)


def check_context(model: PreTrainedModel, recipe: Recipe, longest: int) -> None:
    """Refuse prompts and responses that together are longer than the positions the model knows.

    Raises:
        RunError: with the lengths.
    """
    context = context_of(model)
    if context is not None and longest + recipe.max_response_tokens > context:
        raise RunError(
            f"model {recipe.model!r}: its context has {context} tokens; the longest prompt has {longest}, and "
            f"max_response_tokens {recipe.max_response_tokens} on top is too long. Lower it, or drop long problems"
        )


def weights_hash(model: Any) -> str:
    """Return a hash of every parameter of ``model``."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().float().numpy().tobytes())
    return digest.hexdigest()[:24]


def first_line(error: Exception) -> str:
    """Return the first line of an error, which is what a person reads."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def quiet() -> None:
    """Keep the libraries' own progress bars and advice off the terminal; errors still show."""
    from transformers.utils import logging

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
