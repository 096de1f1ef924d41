# ruff: noqa: INP001 - a folder on PYTHONPATH, not a package
"""Loads the heavy libraries once in the processes that fork the tasks, so that a task shares instead of importing them.

Great Expectations costs 2.6 s of CPU to import and 0.1 s to run; forked from a parent that has it, a gate takes 0.1 s.
Airflow imports this module at its start, from PYTHONPATH. NOT here: configuration, which is in the environment.
"""

import sys

__all__: list[str] = []  # Airflow copies every public name of this module into its settings

FORK_PARENTS = {"scheduler", "dag-processor"}

if len(sys.argv) > 1 and sys.argv[1] in FORK_PARENTS:
    import great_expectations  # noqa: F401
    import odoorpc  # noqa: F401
    import pandas as pd  # noqa: F401
    import psycopg  # noqa: F401
