"""Migrates one database, as a process of its own: `migrator.py PORT DATABASE`."""

import sys

from retail_ops.store.migrate import upgrade
from support.postgres import MIGRATIONS, Database

if __name__ == "__main__":
    print(upgrade(Database(int(sys.argv[1]), sys.argv[2]).connect, MIGRATIONS))  # noqa: T201
