"""What keeping a run costs: checkpoints and the archive of rollouts, as a share of training time on the tiny recipe."""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from verigrad.train import grpo
from verigrad.train.command import main
from verigrad.train.recorder import Recorder
from verigrad.train.reliable import Reliable

ROUNDS = 5
STEPS = 18  # two checkpoints, as the recipe saves every nine steps
RECIPE = str(Path(__file__).parents[1] / "recipes/tiny/grpo.yaml")


class Clock:
    """Adds up the seconds spent inside the functions it wraps."""

    def __init__(self):
        self.seconds = 0.0

    def timed(self, function):
        """Return ``function`` with its seconds counted."""

        def wrapped(*arguments, **options):
            begun = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds += time.perf_counter() - begun

        return wrapped


def share(kept):
    """Return the share of one run's training time that went into keeping it; ``kept`` wraps what keeps."""
    kept.seconds, whole = 0.0, Clock()
    training = grpo.GRPOTrainer.train
    grpo.Trainer.train = whole.timed(training)
    with tempfile.TemporaryDirectory() as folder:
        code = main([RECIPE, f"output_dir={folder}/run", f"max_steps={STEPS}", "preflight.problems=0"])
    if code:
        sys.exit(code)
    return kept.seconds / whole.seconds


def run():
    """Print the share, as the other benchmarks print their ratios."""
    kept = Clock()
    grpo.write_rollout = kept.timed(grpo.write_rollout)
    Recorder.keep = kept.timed(Recorder.keep)
    Reliable._save_checkpoint = kept.timed(Reliable._save_checkpoint)
    shares = [100 * share(kept) for _ in range(ROUNDS)]
    print(f"keeping_percent {statistics.median(shares):.2f} {min(shares):.2f} {max(shares):.2f} {ROUNDS}")


if __name__ == "__main__":
    run()
