"""Rewards that a program can verify. Standard library and mpmath only; usable with any trainer."""

from verigrad_rewards.types import Problem, ProblemError, Response, Reward, Status, Verdict

__all__ = ["Problem", "ProblemError", "Response", "Reward", "Status", "Verdict"]
