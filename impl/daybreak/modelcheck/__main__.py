"""`python -m daybreak.modelcheck` is `daybreak modelcheck`."""

import sys

from daybreak.modelcheck.command import main

if __name__ == "__main__":
    sys.exit(main())
