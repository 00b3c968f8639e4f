"""``accelerate launch -m verigrad.evaluate``: what ``verigrad eval`` does, on any number of processes."""

import os
import signal
import sys

from verigrad.processes.watchdog import end_with_launcher, launched

if __name__ == "__main__":
    if launched(os.environ):  # the imports below take seconds, and a launcher can die in them
        end_with_launcher(signal.SIGTERM)
    from verigrad.cli import main

    sys.argv = ["verigrad", "eval", *sys.argv[1:]]
    main()
