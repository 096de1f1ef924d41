"""The containers: a valid file, the same Airflow as `make up`, no secret inside."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from retail_ops.local.airflow_services import MIGRATE, SERVICES, TUNING
from retail_ops.local.compose_secrets import write_env_files
from retail_ops.local.connections import connections
from retail_ops.local.endpoints import describe_endpoints
from retail_ops.local.layout import CHECKOUT, Layout
from retail_ops.local.stack import MIGRATIONS

FILE = CHECKOUT / "docker-compose.yaml"
SCHEMA = json.loads(Path(__file__).with_name("compose_schema.json").read_text())
SECRET_NAME = re.compile(r"PASSWORD$|PASSWD|SECRET|_KEY$|TOKEN|DSN|_CONN|FERNET")
SECRET_VALUE = re.compile(r"://[^/\s]+:[^/\s]+@")


@pytest.fixture
def compose() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text())


def problems(compose: dict[str, Any], env_files: set[str]) -> Iterator[str]:
    """Everything that is wrong with the file; the tests below break it to see each rule at work."""
    yield from (error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(compose))
    services = compose["services"]
    for name, service in services.items():
        yield from (
            f"{name} depends on unknown {other}" for other in service.get("depends_on", {}) if other not in services
        )
        yield from (f"{name} reads unknown {file}" for file in service.get("env_file", ()) if file not in env_files)
        for mount in service.get("volumes", ()):
            if mount.partition(":")[0] not in compose["volumes"]:
                yield f"{name} mounts undeclared {mount}"
        for variable, value in service.get("environment", {}).items():
            if SECRET_NAME.search(variable) or SECRET_VALUE.search(str(value)):
                yield f"{name} carries a secret in {variable}"
    yield from drift(services)


def drift(services: dict[str, Any]) -> Iterator[str]:
    for name, arguments in SERVICES.items():
        if services[name]["command"] != ["airflow", *arguments]:
            yield f"{name} runs {services[name]['command']}"
        for variable, value in TUNING.items():
            if services[name]["environment"].get(variable) != value:
                yield f"{name} has another {variable}"
    script = services["airflow-init"]["command"][-1].splitlines()
    provision = "python -m retail_ops.local.provision"
    migrations = [" ".join(command) for command in MIGRATIONS]
    expected = [f"{provision} databases", *migrations, f"{provision} logins", " ".join(("airflow", *MIGRATE))]
    if script != expected:
        yield f"airflow-init runs {script}"


@pytest.fixture
def env_files(tmp_path: Path) -> set[str]:
    return {f"var/compose/{file.name}" for file in write_env_files(tmp_path)}


def test_the_file_is_valid_safe_and_runs_the_same_airflow(compose: dict[str, Any], env_files: set[str]) -> None:
    assert list(problems(compose, env_files)) == []


def test_every_env_file_that_is_written_is_read_by_somebody(compose: dict[str, Any], env_files: set[str]) -> None:
    assert {file for service in compose["services"].values() for file in service.get("env_file", ())} == env_files


def broken_variants() -> dict[str, tuple[tuple[str, ...], Any]]:
    return {
        "an unknown key": (("services", "odoo", "comand"), ["odoo"]),
        "a port on every interface": (("services", "odoo", "ports"), ["8069:8069"]),
        "an image without a version": (("services", "odoo", "image"), "odoo"),
        "a duration without a unit": (("services", "odoo-db", "stop_grace_period"), "60"),
        "an unknown dependency": (("services", "odoo", "depends_on", "odoo-dp"), {"condition": "service_started"}),
        "an undeclared volume": (("services", "odoo", "volumes"), ["odoo-files:/var/lib/odoo"]),
        "an env file that nobody writes": (("services", "odoo", "env_file"), ["var/compose/shop.env"]),
        "a secret in the file": (("services", "scheduler", "environment", "AIRFLOW__CORE__FERNET_KEY"), "abc"),
        "a log-in in an address": (
            ("services", "scheduler", "environment", "EXTRA"),
            "postgresql://a:b@store-db/store",
        ),
        "another command": (("services", "scheduler", "command"), ["airflow", "scheduler"]),
        "other tuning": (("services", "triggerer", "environment", "AIRFLOW__CORE__PARALLELISM"), "32"),
        "a forgotten migration": (("services", "airflow-init", "command"), ["bash", "-euc", "airflow db migrate"]),
    }


@pytest.mark.parametrize("variant", broken_variants())
def test_a_broken_file_is_caught(compose: dict[str, Any], env_files: set[str], variant: str) -> None:
    (*path, last), value = broken_variants()[variant]
    broken = copy.deepcopy(compose)
    target = broken
    for part in path:
        target = target[part]
    target[last] = value

    assert list(problems(broken, env_files)) != []


def docker_compose(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", "compose", *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_docker_agrees(compose: dict[str, Any], tmp_path: Path) -> None:
    if shutil.which("docker") is None or docker_compose("version", cwd=tmp_path).returncode != 0:
        pytest.skip("needs the docker compose client; the schema has judged the file")
    shutil.copy(FILE, tmp_path)
    write_env_files(tmp_path / "var" / "compose")
    done = docker_compose("config", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / FILE.name).write_text(yaml.safe_dump(compose | {"servises": {}}))
    assert docker_compose("config", "--quiet", cwd=tmp_path).returncode != 0


def test_env_files_are_private_kept_and_extended_by_their_owner(tmp_path: Path) -> None:
    files = write_env_files(tmp_path)
    before = {file.name: file.read_text() for file in files}
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    with (tmp_path / "airflow.env").open("a") as stream:
        stream.write("AIRFLOW_CONN_SHOPIFY_UK='{}'\n")

    write_env_files(tmp_path)

    assert (tmp_path / "airflow.env").read_text() == before["airflow.env"] + "AIRFLOW_CONN_SHOPIFY_UK='{}'\n"
    assert (tmp_path / "store-db.env").read_text() == before["store-db.env"]


def test_the_containers_get_the_same_connections_to_the_store_as_the_local_runtime(tmp_path: Path) -> None:
    write_env_files(tmp_path)
    names = re.findall(r"^(AIRFLOW_CONN_\w+)='", (tmp_path / "airflow.env").read_text(), re.MULTILINE)
    layout = Layout(tmp_path / "var")
    layout.create()
    endpoints = describe_endpoints(layout, dict.fromkeys(("postgres", "airflow", "odoo"), 1), ())

    assert set(names) == set(connections(endpoints)) - {"AIRFLOW_CONN_ODOO"}  # the shops and Odoo are their owner's


def test_only_the_one_shot_container_sees_the_stores_superuser(tmp_path: Path) -> None:
    write_env_files(tmp_path)
    superuser = (tmp_path / "passwords" / "store_superuser").read_text()

    assert {file.name for file in tmp_path.glob("*.env") if superuser in file.read_text()} == {
        "airflow-init.env",
        "store-db.env",
    }


def test_the_image_installs_the_lock_with_the_pinned_installer() -> None:
    dockerfile = (CHECKOUT / "include/docker/Dockerfile").read_text()
    version = re.search(r"UV_VERSION := (\S+)", (CHECKOUT / "Makefile").read_text())

    assert version is not None
    assert f"uv=={version[1]} " in dockerfile.replace("\n", " ")
    assert "--require-hashes" in dockerfile
    assert re.search(r"^USER (?!root)", dockerfile, re.MULTILINE)
