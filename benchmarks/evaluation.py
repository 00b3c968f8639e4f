"""What an evaluation costs: 1,000 problems with 8 samples of the tiny model, and all numbers from 100,000 records."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECIPE = str(Path(__file__).parents[1] / "recipes/tiny/grpo.yaml")
ASKED = ["eval.problems=1000", "eval.ood_problems=0", "eval.samples=8", "eval.greedy=false", "eval.think_budgets=[]"]
COPIES = 13  # of the 8,000 records: 104,000

NUMBERS = """
import resource, sys, time
from pathlib import Path
begun = time.perf_counter()
from verigrad.evaluate.compare import compare
from verigrad.evaluate.metrics import summarize
from verigrad.evaluate.records import read_records
before, after = (read_records(Path(file)) for file in sys.argv[1:])
summarize(before), summarize(after), compare(before, after)
print(f"{time.perf_counter() - begun:.1f}", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def copies(file, target):
    """Write ``COPIES`` of every record of ``file``, each with problems of its own."""
    from verigrad.evaluate.records import checked_line, read_rows

    header, *rows = read_rows(file)
    header["measured"]["samples"] = len(rows) * COPIES
    with target.open("wb") as stream:
        stream.write(checked_line(header))
        for i in range(COPIES):
            for row in rows:
                changed = {name: f"{row[name]}/{i}" for name in ("key", "problem", "cluster")}
                stream.write(checked_line({**row, **changed}))


def run(*arguments):
    """Return what a Python process prints; raises where it fails."""
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout


def main():
    """Measure both."""
    with tempfile.TemporaryDirectory() as folder:
        file, many = Path(folder) / "r.jsonl", Path(folder) / "many.jsonl"
        begun = time.perf_counter()
        run("-m", "verigrad.evaluate", "verigrad/tiny", "--recipe", RECIPE, f"--out={file}", *ASKED)
        print(f"evaluation_8000_responses seconds {time.perf_counter() - begun:.1f}")
        copies(file, many)
        seconds, mebibytes = run("-c", NUMBERS, str(many), str(many)).split()
        print(f"numbers_of_two_times_104000_records seconds {seconds} MiB {mebibytes}")


if __name__ == "__main__":
    main()
