"""What stands beside training in every process: the watchdog that it ticks, and the workers that score for it."""

import os
import socket
from typing import Any

from accelerate import PartialState
from accelerate.utils import gather_object
from torch.nn import ModuleList

from verigrad.processes.signals import StopRequest
from verigrad.processes.watchdog import Board, Watchdog, launched, local_peers, new_board
from verigrad.recipe import Recipe

OTHER_HOSTS_S = 600.0  # ranks that wait for one on another host cannot see whether it makes progress


def workers_for(recipe: Recipe, state: PartialState) -> int:
    """Return how many workers score for this process: by default one per core that the training processes leave."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    local = int(os.environ.get("LOCAL_WORLD_SIZE", state.num_processes))
    return recipe.scoring.workers or min(16, max(1, (cores - local) // local))


def make_watchdog(recipe: Recipe, request: StopRequest, state: PartialState) -> Watchdog:
    """Return what ends every rank when one hangs, and this one when its launcher has died."""
    rank, host = state.process_index, socket.gethostname()
    everyone = gather_object([(host, os.getpid())])
    peers = local_peers(everyone, rank)
    here = sorted([rank, *peers])
    boards = gather_object([new_board(len(here)) if peers and rank == here[0] else None])
    board = Board(boards[here[0]], here.index(rank)) if peers else None
    state.wait_for_everyone()
    if boards[rank] is not None:
        boards[rank].unlink()
    hosts = {name for name, _ in everyone}
    return Watchdog(
        rank=rank,
        peers=peers,
        board=board,
        limit_s=recipe.hang_timeout_s if len(hosts) == 1 else max(recipe.hang_timeout_s, OTHER_HOSTS_S),
        on_orphan=(lambda: orphaned(request, state)) if launched(os.environ) else None,
    )


def orphaned(request: StopRequest, state: PartialState) -> bool:
    """Ask to stop as the launcher has died; returns whether soon, which Ctrl-C under one process's launcher is not."""
    asked = request.requested
    request.request("the launcher's death")
    return not asked or state.num_processes > 1


def tick_with(model: Any, watchdog: Watchdog) -> None:
    """Count every layer's forward pass and every gradient of ``model`` as progress: one whole pass may take long."""
    layers = [layer for module in model.modules() if isinstance(module, ModuleList) for layer in module]
    for module in [model, *layers]:
        module.register_forward_pre_hook(lambda *_: watchdog.tick())
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.register_post_accumulate_grad_hook(lambda _: watchdog.tick())
