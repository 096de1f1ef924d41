"""What is reachable once the local runtime is up: addresses, log-ins, credential files.

NOT here: how these become Airflow connections (`connections`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retail_ops.local.layout import Layout
from retail_ops.local.ports import LOOPBACK
from retail_ops.local.postgres import SUPERUSER, build_dsn
from retail_ops.local.secret_files import keep_secret, random_fernet_key

STORE_DATABASE, AIRFLOW_DATABASE = "store", "airflow"
STORE_OWNER, AIRFLOW_OWNER = "retail_ops_owner", "airflow"
STORE_ROLES = ("retail_ops_ingest", "retail_ops_worker", "retail_ops_gate", "retail_ops_report", "retail_ops_privacy")
# Name in the UI by Airflow role, from most to least rights.
UI_USERS = {"admin": "admin", "ops": "op", "anna": "user", "vera": "viewer"}


@dataclass(frozen=True)
class Login:
    """A person's log-in to the Airflow UI and REST API."""

    user: str
    role: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Service:
    """A stand-in that listens on loopback.

    Attributes:
        name: `odoo`, or the account of a shop.
        port: Loopback port.
        token_file: Its API key or access token, mode 600.
        control_token_file: Token of its control surface (faults, seeding), mode 600.
    """

    name: str
    port: int
    token_file: Path
    control_token_file: Path

    @property
    def url(self) -> str:
        """Base address without a trailing slash."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def token(self) -> str:
        """The API key or access token."""
        return self.token_file.read_text(encoding="utf-8").strip()

    @property
    def control_token(self) -> str:
        """The token of the control surface."""
        return self.control_token_file.read_text(encoding="utf-8").strip()


@dataclass(frozen=True)
class Endpoints:
    """Everything that the work on a running local runtime needs to know.

    Attributes:
        airflow_url: Base address of the UI and API, without a trailing slash.
        logins: UI log-ins, the administrator first.
        postgres_port: Port of the server that holds both databases.
        store_logins: Password by store role, the owner included.
        admin_dsn: Superuser of the embedded server, database `postgres`.
        airflow_dsn: Airflow's metadata database.
        vault_key: Fernet key that wraps the keys of persons and messages.
        vault_digest_secret: Key of the pseudonyms.
        odoo: The Odoo stand-in.
        shops: The Shopify stand-ins by account.
    """

    airflow_url: str
    logins: tuple[Login, ...]
    postgres_port: int
    store_logins: Mapping[str, str] = field(repr=False)
    admin_dsn: str = field(repr=False)
    airflow_dsn: str = field(repr=False)
    vault_key: str = field(repr=False)
    vault_digest_secret: str = field(repr=False)
    odoo: Service
    shops: Mapping[str, Service]

    def store_dsn(self, role: str) -> str:
        """Return the store's connection URL for one role.

        Args:
            role: Full role name, e.g. `retail_ops_worker`.

        Raises:
            KeyError: The role has no log-in.
        """
        password = self.store_logins[role]
        return build_dsn(port=self.postgres_port, user=role, password=password, database=STORE_DATABASE)


def describe_endpoints(layout: Layout, ports: Mapping[str, int], shops: tuple[str, ...]) -> Endpoints:
    """Return the addresses of a runtime, generating the secrets that are missing.

    Args:
        layout: Where the secrets are kept; its directories exist.
        ports: Loopback port by name: `postgres`, `airflow`, `odoo` and each shop.
        shops: Accounts that have a shop.

    Idempotent: kept secrets are returned unchanged.
    """
    folder, port = layout.secrets, ports["postgres"]
    superuser = keep_secret(folder / "postgres_superuser")
    airflow = keep_secret(folder / "postgres_airflow")
    return Endpoints(
        airflow_url=f"http://{LOOPBACK}:{ports['airflow']}",
        logins=tuple(Login(user, role, keep_secret(folder / f"ui_{user}")) for user, role in UI_USERS.items()),
        postgres_port=port,
        store_logins={role: keep_secret(folder / f"store_{role}") for role in (STORE_OWNER, *STORE_ROLES)},
        admin_dsn=build_dsn(port=port, user=SUPERUSER, password=superuser, database="postgres"),
        airflow_dsn=build_dsn(port=port, user=AIRFLOW_OWNER, password=airflow, database=AIRFLOW_DATABASE),
        vault_key=keep_secret(folder / "vault_key", random_fernet_key),
        vault_digest_secret=keep_secret(folder / "vault_digest_secret", random_fernet_key),
        odoo=_service("odoo", ports["odoo"], folder),
        shops={shop: _service(shop, ports[shop], folder) for shop in shops},
    )


def _service(name: str, port: int, folder: Path) -> Service:
    token, control = folder / f"{name}_token", folder / f"{name}_control_token"
    keep_secret(token)
    keep_secret(control)
    return Service(name, port, token, control)
