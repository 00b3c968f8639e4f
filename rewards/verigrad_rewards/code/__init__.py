"""Verify programs: run them against hidden tests, locked into a process of their own."""

from verigrad_rewards.code.judge import Job, Judge, check_limits, check_sandbox, judge, shared_judge
from verigrad_rewards.code.reward import code_tests
from verigrad_rewards.code.sandbox import SandboxUnavailableError
from verigrad_rewards.code.tests import AssertTest, CallTest, StdioTest, Test, read_tests

__all__ = [
    "AssertTest",
    "CallTest",
    "Job",
    "Judge",
    "SandboxUnavailableError",
    "StdioTest",
    "Test",
    "check_limits",
    "check_sandbox",
    "code_tests",
    "judge",
    "read_tests",
    "shared_judge",
]
