"""The environment of Airflow in tests: a home and a SQLite file of this process, removed at its end.

Import it before anything of Airflow: Airflow reads its environment once, at its first import.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DAGS = CHECKOUT / "dags"

if "AIRFLOW_HOME" not in os.environ:
    if "airflow" in sys.modules:
        raise RuntimeError("orchestration.airflow_env must be imported before airflow")
    HOME = Path(tempfile.mkdtemp(prefix="retail-ops-airflow-"))
    atexit.register(shutil.rmtree, HOME, ignore_errors=True)
    # The entry file alone: the whole plugins folder has a test of its own.
    (HOME / "plugins").mkdir()
    shutil.copy(CHECKOUT / "plugins" / "retail_ops_plugin.py", HOME / "plugins")
    os.environ.update(
        {
            "AIRFLOW_HOME": str(HOME),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(HOME / "plugins"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
            "RETAIL_OPS_ENVIRONMENT": "demo",
        }
    )
