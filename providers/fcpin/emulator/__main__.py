"""`python -m fcpin.emulator` is `fcpin emulator`."""

import sys

from fcpin.cli import main

if __name__ == "__main__":
    sys.exit(main(["emulator", *sys.argv[1:]]))
