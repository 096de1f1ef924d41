"""Where the local runtime keeps its files, and what of the caller's environment its processes inherit.

Everything lives under one directory, `var/` of the checkout unless `RETAIL_OPS_VAR` names another, so that two
checkouts never meet. NOT here: what is written into the files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
VAR_VARIABLE = "RETAIL_OPS_VAR"
# A minimal environment: nobody's AIRFLOW__*, PG*, PYTHON*, proxy or cloud secret leaks into the demo.
INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Layout:
    """The directories of one local runtime.

    Attributes:
        var: Root of everything that is written, absolute.
    """

    var: Path

    @property
    def run(self) -> Path:
        """State file, lock and ports: valid for one life of the supervisor."""
        return self.var / "run"

    @property
    def log(self) -> Path:
        """One log file a component."""
        return self.var / "log"

    @property
    def secrets(self) -> Path:
        """Generated passwords and keys, mode 700 with files of mode 600."""
        return self.var / "secrets"

    @property
    def data(self) -> Path:
        """State files of the stand-ins."""
        return self.var / "data"

    @property
    def postgres(self) -> Path:
        """Home of the embedded PostgreSQL server."""
        return self.var / "postgres"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME."""
        return self.var / "airflow"

    def create(self) -> None:
        """Make the directories.

        Idempotent: existing directories and their content stay.
        """
        for path in (self.run, self.log, self.data, self.airflow):
            path.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)


def locate_layout(var: Path | None = None) -> Layout:
    """Return the layout of this checkout.

    Args:
        var: Root to use; None takes `RETAIL_OPS_VAR`, else `var/` of the checkout.
    """
    # The one variable that decides where files live; it is read before there are any settings to read.
    chosen = var or Path(os.environ.get(VAR_VARIABLE) or CHECKOUT / "var")  # noqa: TID251
    return Layout(chosen.expanduser().resolve())


def inherited_environment() -> dict[str, str]:
    """Return the part of the caller's environment that components may see."""
    caller: Mapping[str, str] = os.environ  # noqa: TID251 - handed to child processes, not read as configuration
    return {name: caller[name] for name in INHERITED if name in caller}
