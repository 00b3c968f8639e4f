"""Whether a response ends in a loop, from its text alone."""

from collections.abc import Sequence

TAIL = 8192  # characters looked at, so that the work is bounded whatever was written
REPEATS = 4
LENGTH = 60
RULER = 128  # longer than a line of one character, such as a rule of 120, or 10^100 written out


def ends_in_loop(text: str) -> bool:
    """Whether the last characters repeat one unit to the very end.

    Of the last 8,192 characters the repetition covers at least a third, at least 60 characters (128 where those 60 are
    one character) and at least four units. The repetition is exact: ``step 1, step 2, step 3`` is no loop, and neither
    is one that the response got out of, if only to write its closing tag.
    """
    tail = text[-TAIL:]
    # without its first unit a loop is still three quarters of its length, and has occurred before
    again = LENGTH - LENGTH // REPEATS
    if len(tail) < LENGTH or tail.find(tail[-again:]) == len(tail) - again:
        return False
    backwards = tail[::-1]
    least = max(RULER if len(set(tail[-LENGTH:])) == 1 else LENGTH, len(tail) / 3)
    lengths = (unit + matched for unit, matched in enumerate(prefix_matches(backwards)))
    return any(0 < unit <= length / REPEATS and length >= least for unit, length in enumerate(lengths))


def prefix_matches(items: Sequence[str]) -> list[int]:
    """Return for every index how many items from there on equal those from the start on; at 0 all of them.

    The Z-function: a repetition of period p at the start is p plus the value at p long. It compares fewer than
    2 n pairs, since every comparison that succeeds moves ``right`` on, and every index has at most one that fails.
    """
    size = len(items)
    matches = [size] + [0] * (size - 1)
    left = right = 0  # items[left:right] is known to equal items[0:right - left]
    for i in range(1, size):
        matched = min(right - i, matches[i - left]) if i < right else 0
        if i + matched >= right:
            while i + matched < size and items[matched] == items[i + matched]:
                matched += 1
            left, right = i, i + matched
        matches[i] = matched
    return matches
