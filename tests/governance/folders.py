"""A checkout whose governance files a test may spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.processes import CHECKOUT

GOVERNANCE = CHECKOUT / "include" / "governance"


@dataclass(frozen=True)
class Folder:
    root: Path

    def edit(self, name: str, change: Callable[[Any], object]) -> None:
        """Change what a file says."""
        path = self.root / name
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def copy_to(folder: Path) -> Folder:
    root = folder / "include" / "governance"
    shutil.copytree(GOVERNANCE, root)
    (root.parent / "sql").symlink_to(CHECKOUT / "include" / "sql")
    return Folder(root)
