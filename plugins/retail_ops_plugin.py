"""Airflow's only entry into the package: `.airflowignore` keeps it from running the package's files one by one."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class RetailOpsPlugin(AirflowPlugin):
    """Names the product to Airflow; pages, links and listeners are added here when they exist."""

    name = "retail_ops"
