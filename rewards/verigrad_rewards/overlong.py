"""``overlong``: the soft overlong punishment of DAPO (arXiv 2503.14476, section 3.4)."""

from verigrad_rewards.types import Problem, Response, Status, Verdict


def overlong(problem: Problem, response: Response, *, limit: int, buffer: int) -> Verdict:
    """0 up to ``limit - buffer`` tokens, falling evenly to -1 at ``limit``; -1 beyond it and where the response is cut.

    Equation 13 of the paper, whose L_max is ``limit`` and whose L_cache is ``buffer``. It never pays: a short response,
    even an empty one, gets 0. Tokens count, not characters, those that leave no text included. Where no response of a
    prompt is right it still prefers the shorter ones, which is why its weight is small.

    Args:
        problem: only named in errors.
        response: its ``num_tokens`` and ``finished`` are all that is looked at.
        limit: tokens from which the penalty is whole; no more than the recipe's ``max_response_tokens``.
        buffer: tokens below ``limit`` over which the penalty grows, 1 to ``limit``.

    Raises:
        ValueError: a limit is none, or the response was never counted.
    """
    check_lengths(limit, buffer)
    tokens, free = response.num_tokens, limit - buffer
    if not response.finished:
        return Verdict(-1.0, Status.WRONG, detail=f"cut after {tokens} tokens, before the response ended")
    if tokens < 0 or (tokens == 0 and response.text):
        raise ValueError(f"overlong on {problem.id}: found num_tokens {tokens}; allowed is how many were written")
    if tokens <= free:
        return Verdict(0.0, Status.CORRECT, detail=f"{tokens} tokens; up to {free} are free")
    penalty = min(1.0, (tokens - free) / buffer)
    return Verdict(-penalty, Status.WRONG, detail=f"{tokens} tokens; {free} are free, from {limit} on it is -1")


def check_lengths(limit: object, buffer: object) -> None:
    """Raise ``ValueError`` where a length is none, or the buffer longer than the limit."""
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ValueError(f"overlong: limit: found {limit!r}; allowed is a whole number of tokens, 1 or more")
    if isinstance(buffer, bool) or not isinstance(buffer, int) or not 1 <= buffer <= limit:
        raise ValueError(f"overlong: buffer: found {buffer!r}; allowed is a whole number of tokens, 1 to limit {limit}")
