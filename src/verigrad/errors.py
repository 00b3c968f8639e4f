"""What commands stop with: errors of the input, stated reasons, interruptions; and the exit code of each."""

from verigrad_rewards.code.sandbox import SandboxUnavailableError
from verigrad_rewards.pool import PoolError, RewardError
from verigrad_rewards.types import ProblemError

EXIT_STOPPED, EXIT_INPUT, EXIT_INTERRUPTED = 1, 2, 75  # 75 is EX_TEMPFAIL of sysexits.h: run again later


class RecipeError(ValueError):
    """A recipe, an override or an argument is wrong."""


class RunError(ValueError):
    """A run folder, a model or a file of records is missing, taken or not what it should be."""


class RunStoppedError(RuntimeError):
    """A run stopped for a stated reason; what it made so far is kept."""


class InterruptedRunError(RuntimeError):
    """A run was asked to stop and can go on later."""


INPUT_ERRORS = (RecipeError, RunError, ProblemError, RewardError)
STOPS = (RunStoppedError, PoolError, SandboxUnavailableError)
STATED = (*INPUT_ERRORS, *STOPS, InterruptedRunError)


def exit_code(error: BaseException) -> int:
    """Return the exit code of a command that ends with one of ``STATED``."""
    if isinstance(error, INPUT_ERRORS):
        return EXIT_INPUT
    return EXIT_STOPPED if isinstance(error, STOPS) else EXIT_INTERRUPTED
