"""What the figures were taken on. No host name, no path: results may be published."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from typing import Any

from benchmarks import CHECKOUT


def describe() -> dict[str, Any]:
    """Return time, cores, load, versions and commit, as they are now."""
    return {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "commit": _git("rev-parse", "--short=12", "HEAD") or "unknown",
        "uncommitted_changes": bool(_git("status", "--porcelain", "--", "plugins", "include", "expectations")),
    }


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - own arguments
            ["git", *arguments],  # noqa: S607 - whichever git there is
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
