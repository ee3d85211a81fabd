"""`python -m historycheck`"""

import sys

from historycheck.command import main

sys.exit(main())
