"""Let all processes of a run go on, or stop, together."""

from collections.abc import Callable
from typing import TypeVar

from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object

from verigrad.errors import STATED

T = TypeVar("T")


def on_main(state: PartialState, action: Callable[[], T]) -> T:
    """Return what ``action`` returns on the main process; every process gets it, or fails with its stated error."""
    said: list[tuple[T | None, Exception | None]] = [(None, None)]
    if state.is_main_process:
        try:
            said = [(action(), None)]
        except STATED as error:
            said = [(None, error)]
    broadcast_object_list(said)
    value, error = said[0]
    if error is not None:
        raise error
    return value  # pyright: ignore[reportReturnType]  # what action returned


def first_said(state: PartialState, said: str | None) -> str | None:
    """Return the first text that any process says, the same on every process."""
    everyone = gather_object([said]) if state.num_processes > 1 else [said]
    return next((text for text in everyone if text), None)
