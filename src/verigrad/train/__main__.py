"""The command ``accelerate launch -m verigrad.train RECIPE [key.sub=value …]``."""

import os
import signal
import sys

from verigrad.processes.watchdog import end_with_launcher, launched

if __name__ == "__main__":
    if launched(os.environ):  # the imports below take seconds, and a launcher can die in them
        end_with_launcher(signal.SIGTERM)
    from verigrad.train.command import main

    sys.exit(main(sys.argv[1:]))
