"""Reads a connection's fields, or names what is missing as the form calls it. What they are for is in the hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from retail_ops.contracts.errors import ConfigurationError, RetailOpsError
from retail_ops.orchestration.connections import AirflowConnections
from retail_ops.settings import ConnectionFacts, load_settings, require_environment


def require(facts: ConnectionFacts, labels: Mapping[str, str]) -> None:
    """Refuse a connection with empty fields, or of another environment than this deployment.

    Args:
        facts: The connection.
        labels: What the form calls each needed field, by the field's name.

    Raises:
        ConfigurationError: Names every empty field, or both environments.
    """
    given = {"host": facts.host, "login": facts.login, "schema": facts.schema}
    given["password"] = facts.password.get_secret_value()
    missing = [label for name, label in labels.items() if not given[name].strip()]
    if missing:
        raise ConfigurationError(f"connection {facts.conn_id}: {', '.join(missing)} missing")
    require_environment(facts, load_settings().environment)


def attempt(connections: AirflowConnections, log_in: Callable[[], str]) -> tuple[bool, str]:
    """Return what Airflow's Test button shows: success and what answered, or what is wrong, without any secret."""
    try:
        return True, connections.redact(log_in())
    except RetailOpsError as error:
        return False, connections.redact(f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - the border to the form: a stranger's text may carry anything
        return False, f"{type(error).__name__}; the server's log has the rest"
