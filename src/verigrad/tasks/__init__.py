"""Where problems come from. A task is looked up in ``TASKS`` or given as ``package.module:name``."""

from functools import partial

from verigrad.tasks import chain_sum, countdown, functions, gsm8k, humaneval, jsonl, math_sets, mbpp
from verigrad.tasks.hub_set import load_held_out
from verigrad.tasks.types import Split, Task

WRITE_FUNCTION = "Write the Python function."

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("chain_sum", chain_sum.load, "math_answer", "Compute the result.", generated=True, solve=chain_sum.solve),
        Task(
            "countdown",
            countdown.load,
            "countdown",
            "Write an expression that reaches the target with + - * / and brackets, using each number exactly once.",
            generated=True,
            solve=countdown.solve,
        ),
        Task(
            "functions",
            functions.load,
            "code_tests",
            "Write the Python function f.",
            generated=True,
            solve=functions.solve,
        ),
        Task("gsm8k", gsm8k.load, "math_answer", math_sets.NUMBER, hub=gsm8k.SET.hub),
        *(
            Task(chosen.name, partial(load_held_out, chosen), "math_answer", asked, hub=chosen.hub)
            for chosen, asked in math_sets.SETS
        ),
        Task("humaneval", humaneval.load, "code_tests", WRITE_FUNCTION, hub=humaneval.SET.hub, solve=humaneval.solve),
        Task("mbpp", mbpp.load, "code_tests", WRITE_FUNCTION, hub=mbpp.SET.hub, solve=mbpp.solve),
        Task("jsonl", jsonl.load, "answer_or_tests"),
    )
}

__all__ = ["TASKS", "Split", "Task"]
