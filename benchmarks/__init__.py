"""What the order flow costs beside the barest client that does the same, measured in one run on one machine.

Run with `python -m benchmarks` from the checkout. Needs the development environment: PostgreSQL and the stand-ins are
those of the tests. Not here: thresholds. Nothing is asserted of a figure; only that the work was really done.
"""

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
# The tests' support runs PostgreSQL and the stand-ins; it is no installed package.
sys.path.insert(0, str(CHECKOUT / "tests"))
