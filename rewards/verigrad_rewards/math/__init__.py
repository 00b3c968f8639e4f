"""Verify math answers: read into trees of plain data, compared by what they mean, never evaluated as code."""

from verigrad_rewards.math.choice import multiple_choice
from verigrad_rewards.math.countdown import countdown
from verigrad_rewards.math.extract import SOURCES, Extracted, extract
from verigrad_rewards.math.numbers import read_number
from verigrad_rewards.math.reward import math_answer
from verigrad_rewards.math.verify import equivalent, read_gold, verify
from verigrad_rewards.math.vote import vote

__all__ = [
    "SOURCES",
    "Extracted",
    "countdown",
    "equivalent",
    "extract",
    "math_answer",
    "multiple_choice",
    "read_gold",
    "read_number",
    "verify",
    "vote",
]
