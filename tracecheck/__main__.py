"""`python -m tracecheck`"""

import sys

from tracecheck.cli import main

sys.exit(main())
