"""Start ``accelerate launch`` and keep the exit code of the training processes, which it turns into 1."""

import logging
import subprocess
from collections.abc import Sequence

from accelerate.commands.launch import launch_command, launch_command_parser
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

from verigrad.errors import EXIT_INTERRUPTED


def launch(config: str, module: str, arguments: Sequence[str]) -> int:
    """Run a module with the launcher file ``config``; returns the exit code of the first process that did not end well.

    Args:
        config: an accelerate config, such as ``recipes/accelerate/cpu2.yaml``.
        module: such as ``verigrad.train``.
        arguments: what ``python -m`` with the module takes.
    """
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)  # the processes say what happened
    parsed = launch_command_parser().parse_args(["--config_file", config, "-m", module, *arguments])
    try:
        launch_command(parsed)
    except ChildFailedError as error:
        return own_code(error.get_first_failure()[1].exitcode)
    except subprocess.CalledProcessError as error:
        return own_code(error.returncode)
    except SignalException:
        return EXIT_INTERRUPTED
    return 0


def own_code(code: int) -> int:
    """Return a process's exit code, 1 where a signal ended it."""
    return code if code > 0 else 1
