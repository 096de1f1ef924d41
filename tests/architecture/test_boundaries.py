"""What import-linter does not see: the stand-ins beside the product, and what a DAG file loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.processes import CHECKOUT

PRODUCT, STANDINS = CHECKOUT / "plugins", CHECKOUT / "include" / "standins"
HEAVY = ("airflow", "great_expectations", "pandas", "sqlalchemy", "alembic", "shopify", "odoorpc", "fastapi")


def imported(text: str) -> Iterator[str]:
    """Yield every module that a source text imports, wherever in it, also by name at run time."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (str(arg.value) for arg in node.args if isinstance(arg, ast.Constant))


def offenders(folder: Path, package: str) -> list[str]:
    paths = sorted(folder.rglob("*.py"))
    assert len(paths) > 10
    return [
        str(path.relative_to(CHECKOUT))
        for path in paths
        if any(name == package or name.startswith(f"{package}.") for name in imported(path.read_text(encoding="utf-8")))
    ]


def test_the_stand_ins_import_nothing_of_the_product():
    assert offenders(STANDINS, "retail_ops") == []


def test_the_product_imports_nothing_of_the_stand_ins():
    assert offenders(PRODUCT, "standins") == []


@pytest.mark.parametrize(
    "text",
    ["import retail_ops", "from retail_ops.contracts import money", "def f():\n    import retail_ops.store as s",
     "import importlib\nimportlib.import_module('retail_ops.cli')", "__import__('retail_ops')"],
)  # fmt: skip
def test_an_import_is_seen_in_every_shape(text):
    assert any(name.split(".")[0] == "retail_ops" for name in imported(text))
    assert list(imported("x = 'retail_ops'")) == []


def loaded_by(statement: str, *, path: Path) -> set[str]:
    """Return which heavy packages a fresh interpreter has loaded after a statement."""
    text = f"{statement}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", text],
        env={"PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize(
    "module", ["retail_ops.bootstrap", "retail_ops.governance.accounts", "retail_ops.contracts.order"]
)
def test_what_every_dag_file_loads_stays_light(module):
    assert loaded_by(f"import {module}", path=PRODUCT) == set()


def test_the_measurement_sees_a_heavy_import():
    assert "pandas" in loaded_by("import retail_ops.bootstrap, pandas", path=PRODUCT)
