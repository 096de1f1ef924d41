"""The hook of the connection type `odoo`. The order flow does not use it: its adapter is `erp/odoo/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import BaseHook
from typing_extensions import override

from retail_ops.orchestration.connections import AirflowConnections
from retail_ops.orchestration.hooks.fields import attempt, require
from retail_ops.settings import flag

if TYPE_CHECKING:
    from retail_ops.erp.odoo.client import Json, OdooClient

HTTPS_PORT: Final = 443
PLAIN_PORT: Final = 8069


class OdooHook(BaseHook):
    """Calls Odoo 18 with the user and key of a connection.

    Args:
        odoo_conn_id: Id of the connection: host, port, database (schema), user (login), API key (password); `tls` and
            `environment` in the extra fields.
    """

    conn_name_attr = "odoo_conn_id"
    default_conn_name = "odoo"
    conn_type = "odoo"
    hook_name = "Odoo"

    def __init__(self, odoo_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.odoo_conn_id = odoo_conn_id
        self._connections = AirflowConnections()
        self._client: OdooClient | None = None

    @override
    def get_conn(self) -> OdooClient:
        """Return the client, one a hook; it logs in on its first call.

        Raises:
            ConfigurationError: Names the connection or the fields that are missing.
        """
        if self._client is None:
            self._client = self._build()
        return self._client

    def call(
        self,
        model: str,
        method: str,
        *args: Json,
        writes: bool = True,
        context: dict[str, Json] | None = None,
        **options: Json,
    ) -> Any:  # noqa: ANN401 - whatever the method answers
        """Call a method of a model and return its answer, e.g. `call("res.partner", "read", [7], writes=False)`.

        Args:
            model: Technical name.
            method: Its public method.
            args: Positional arguments, ids first where the method has them.
            writes: False for a method that only reads: it waits less long, and a failure means that nothing happened.
            context: Odoo's context; nothing is added.
            options: Named arguments, e.g. `fields=["name"]`.

        Raises:
            RetailOpsError: The class says what to do; `AmbiguousError` after a write means look up first.
        """
        from retail_ops.erp.odoo.faults import CallName  # noqa: PLC0415 - see `_build`

        return self.get_conn().call(CallName(model, method, writes=writes), args, options, context or {})

    def test_connection(self) -> tuple[bool, str]:
        """Log in and read the companies of the user; return success and what answered, or what is wrong."""
        return attempt(self._connections, self._log_in)

    def _log_in(self) -> str:
        companies = self.call("res.company", "search_read", [], writes=False, fields=["name"])
        names = ", ".join(sorted(str(company["name"]) for company in companies))
        facts = self._connections.get(self.odoo_conn_id)
        return f"logged in to database {facts.schema} as {facts.login}; companies: {names or 'none'}"

    def _build(self) -> OdooClient:
        # DAG files import this module at every parse; the vendor's library is for the tasks only.
        from retail_ops.erp.odoo.client import OdooClient, OdooConnection  # noqa: PLC0415

        facts = self._connections.get(self.odoo_conn_id)
        require(facts, {"host": "Host", "schema": "Database", "login": "User", "password": "API key"})
        tls = flag(facts, "tls", default=True)
        return OdooClient(
            OdooConnection(
                host=facts.host,
                port=facts.port or (HTTPS_PORT if tls else PLAIN_PORT),
                database=facts.schema,
                login=facts.login,
                key=facts.password,
                tls=tls,
            )
        )
