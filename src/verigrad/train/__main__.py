"""The command ``accelerate launch -m verigrad.train RECIPE [key.sub=value …]``."""

import sys

from verigrad.train.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
