"""Verify math answers: exact numbers and countdown expressions."""

from verigrad_rewards.math.answer import equivalent, math_answer, verify
from verigrad_rewards.math.countdown import countdown
from verigrad_rewards.math.extract import Extracted, extract
from verigrad_rewards.math.numbers import read_number

__all__ = ["Extracted", "countdown", "equivalent", "extract", "math_answer", "read_number", "verify"]
