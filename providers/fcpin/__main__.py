"""`python -m fcpin`: the command line."""

import sys

from fcpin.cli import main

if __name__ == "__main__":
    sys.exit(main())
