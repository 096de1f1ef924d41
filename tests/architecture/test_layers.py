"""The import rules of `.importlinter`: kept, and each of them catches what it forbids."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.processes import CHECKOUT

PACKAGE = CHECKOUT / "plugins" / "retail_ops"
RULES = CHECKOUT / ".importlinter"

# For each rule, imports that break it: where, and what.
OFFENCES = [
    ("layers", "contracts/ids.py", "import retail_ops.governance.files"),
    ("layers", "ports/clock.py", "from retail_ops.transport import hosts"),
    ("layers", "transport/hosts.py", "from retail_ops.store import unit"),
    ("layers", "flows/orders/stage.py", "from retail_ops.settings import Settings"),
    ("layers", "store/unit.py", "def late():\n    from retail_ops import bootstrap"),
    ("layers", "settings.py", "from retail_ops import bootstrap"),
    ("layers", "newcomer/__init__.py", ""),
    ("core", "flows/orders/judge.py", "import psycopg"),
    ("core", "governance/files.py", "import httpx"),
    ("core", "contracts/order.py", "import pandas"),
    ("airflow", "store/limits.py", "import airflow.sdk"),
    ("airflow", "erp/odoo/client.py", "from airflow.sdk import BaseHook"),
    ("airflow", "cli/check.py", "def late():\n    import airflow"),
    ("expectations", "orchestration/lanes.py", "import great_expectations"),
    ("expectations", "store/verdicts.py", "import pandas as pd"),
    ("database", "flows/orders/publish.py", "from psycopg import sql"),
    ("database", "cli/desk.py", "import sqlalchemy"),
    ("vendors", "flows/orders/facts.py", "import shopify"),
    ("vendors", "bootstrap.py", "import odoorpc"),
    ("channels-apart", "channels/another/__init__.py", "from retail_ops.channels.shopify import mapper"),
    ("adapters-apart", "gates/orders.py", "from retail_ops.store import unit"),
    ("adapters-apart", "erp/odoo/orders.py", "from retail_ops.channels.shopify import money"),
]


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Check the package below `folder`."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--config", str(RULES), "--no-cache", "--no-logo"]
    for contract in contracts:
        command += ["--contract", contract]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, folder / "retail_ops", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def rules() -> list[str]:
    sections = [
        line.strip("[]\n") for line in RULES.read_text().splitlines() if line.startswith("[importlinter:contract:")
    ]
    return [section.removeprefix("importlinter:contract:") for section in sections]


def test_the_rules_are_kept():
    ran = lint(CHECKOUT / "plugins")
    assert ran.returncode == 0, ran.stdout
    assert "0 broken" in ran.stdout


def test_every_rule_has_an_offence():
    assert {rule for rule, _, _ in OFFENCES} == set(rules())


@pytest.mark.parametrize(("rule", "module", "text"), OFFENCES, ids=[f"{r} {m}" for r, m, _ in OFFENCES])
def test_a_rule_catches_what_it_forbids(copied, rule, module, text):
    path = copied / "retail_ops" / module
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{text}\n")
    try:
        ran = lint(copied, rule)
    finally:
        if before is None:
            shutil.rmtree(path.parent)
        else:
            path.write_text(before)
    assert ran.returncode == 1, ran.stdout
    assert "BROKEN" in ran.stdout or "newcomer" in ran.stdout
