"""`python -m daybreak.modelcheck.induction`."""

import sys

from daybreak.modelcheck.induction.command import main

if __name__ == "__main__":
    sys.exit(main())
