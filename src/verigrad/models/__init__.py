"""Load models and tokenizers, render prompts, and make the tiny model."""
