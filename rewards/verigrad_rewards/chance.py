"""``coin_flip``: a reward without meaning, the control that shows what training without a signal does."""

import hashlib

from verigrad_rewards.types import Problem, Response, Status, Verdict


def coin_flip(problem: Problem, response: Response, *, seed: int = 0) -> Verdict:
    """1 or 0 with equal chance, decided by a hash of problem, text and seed: the same response always gets the same.

    Random rewards are known to raise scores of some models (arXiv 2506.10947); a gain counts only beside this control.
    """
    digest = hashlib.sha256(f"{seed}\0{problem.id}\0{response.text}".encode(errors="surrogatepass")).digest()
    heads = digest[0] & 1
    return Verdict(float(heads), Status.CORRECT if heads else Status.WRONG, detail="a coin flip, whatever was written")
