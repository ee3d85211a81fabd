"""`python -m daybreak`."""

import sys

from daybreak.cli.main import main

sys.exit(main())
