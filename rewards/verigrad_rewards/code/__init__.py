"""Verify programs: run them against hidden tests, locked into a process of their own."""

from verigrad_rewards.code.judge import Job, Judge, judge
from verigrad_rewards.code.reward import code_tests
from verigrad_rewards.code.tests import CallTest, StdioTest, read_tests
from verigrad_rewards.code.worker import SandboxUnavailableError

__all__ = [
    "CallTest",
    "Job",
    "Judge",
    "SandboxUnavailableError",
    "StdioTest",
    "code_tests",
    "judge",
    "read_tests",
]
