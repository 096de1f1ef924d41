"""Sets Airflow's environment before any test module imports it."""

from __future__ import annotations

import orchestration.airflow_env  # noqa: F401
