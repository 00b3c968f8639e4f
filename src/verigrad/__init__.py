"""Train small open-weight language models to reason, with rewards a program can verify."""

__version__ = "0.1.0"
