"""Airflow as components: its commands, its tuning, its environment.

`SERVICES` and `TUNING` are the truth for the containers too: a test compares `docker-compose.yaml` with them.
NOT here: connections (`connections`), the REST client (`airflow_api`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from retail_ops.local.component import Completed, Component, Health
from retail_ops.local.endpoints import UI_USERS, Endpoints
from retail_ops.local.health import AirflowHealth, HttpHealth
from retail_ops.local.layout import CHECKOUT, Layout
from retail_ops.local.ports import LOOPBACK
from retail_ops.local.secret_files import keep_secret, random_fernet_key, write_private

MIGRATE = ("db", "migrate")
# Log servers are skipped: they would listen on every interface; the api-server reads the files themselves.
SERVICES: Mapping[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
RUN_TASKS = {"scheduler", "triggerer"}
TUNING: Mapping[str, str] = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__PARALLELISM": "8",
    # Forked tasks share the preloaded libraries (include/airflow/airflow_local_settings.py): 0.1 s instead of 2.5 s.
    "AIRFLOW__CORE__MP_START_METHOD": "fork",
    "AIRFLOW__CORE__EXECUTE_TASKS_NEW_PYTHON_INTERPRETER": "False",
    # A late executor event can fail a sensor that resumes soon after it exits; 1 s keeps the two apart.
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "GX_ANALYTICS_ENABLED": "False",
}


def airflow_environment(layout: Layout, endpoints: Endpoints, conns: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that every Airflow process gets, the same in all of them.

    Args:
        layout: Where AIRFLOW_HOME and the secrets are.
        endpoints: Addresses and log-ins.
        conns: `AIRFLOW_CONN_*` variables.

    Idempotent: secrets are generated once; the file of UI passwords is rewritten with the same content.
    """
    passwords = layout.secrets / "ui_passwords.json"
    write_private(passwords, json.dumps({login.user: login.password for login in endpoints.logins}) + "\n")
    url, secrets = endpoints.airflow_url, layout.secrets
    return {
        **TUNING,
        **conns,
        "AIRFLOW_HOME": str(layout.airflow),
        "PYTHONPATH": str(CHECKOUT / "include" / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(CHECKOUT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": endpoints.airflow_dsn.replace("postgresql:", "postgresql+psycopg2:", 1),
        "AIRFLOW__CORE__FERNET_KEY": keep_secret(secrets / "airflow_fernet_key", random_fernet_key),
        "AIRFLOW__API__SECRET_KEY": keep_secret(secrets / "airflow_api_secret"),
        "AIRFLOW__API_AUTH__JWT_SECRET": keep_secret(secrets / "airflow_jwt_secret", random_fernet_key),
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": url.rpartition(":")[2],
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in UI_USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        # Off by default because it lets a user probe the network; here it only reaches loopback.
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
    }


def airflow_components(env: Mapping[str, str], url: str, *, after: tuple[str, ...]) -> tuple[Component, ...]:
    """Return Airflow's components in order of start.

    Args:
        env: Result of `airflow_environment`.
        url: Base address of the api-server.
        after: Components that the tasks need: they start before the scheduler.
    """
    migrate = Component("airflow-migrate", _airflow(MIGRATE), env, Completed(), needs=("databases",))
    services = [
        Component(
            name,
            _airflow(arguments),
            env,
            _health(name, url),
            needs=("postgres", "airflow-migrate", *(after if name in RUN_TASKS else ())),
            uses=() if name == "api-server" else ("api-server",),
            port=int(url.rpartition(":")[2]) if name == "api-server" else None,
        )
        for name, arguments in SERVICES.items()
    ]
    return (migrate, *services)


def _health(name: str, url: str) -> Health:
    if name == "api-server":
        return HttpHealth(f"{url}/api/v2/version")
    return AirflowHealth(f"{url}/api/v2/monitor/health", name.replace("-", "_"))


def _airflow(arguments: tuple[str, ...]) -> tuple[str, ...]:
    return (sys.executable, "-m", "airflow", *arguments)
