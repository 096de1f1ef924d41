"""Governance files: those of the project load, and each kind of mistake is named with file and field."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from governance.folders import GOVERNANCE, Folder, copy_to
from retail_ops import bootstrap
from retail_ops.contracts.errors import ConfigurationError
from retail_ops.governance.accounts import load_accounts, read_accounts
from retail_ops.governance.files import load
from retail_ops.governance.permissions import Permission, load_permissions
from retail_ops.governance.routing import Routing
from retail_ops.settings import Settings
from support.processes import CHECKOUT

UK = "mappings/shopify_uk.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return copy_to(tmp_path)


def load_all(root: Path) -> None:
    load_accounts(root)
    load_permissions(root)
    load(root / "routing.yaml", Routing)


def refusal(root: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load_all(root)
    return str(refused.value)


def test_every_file_of_the_project_is_read_by_somebody_and_loads():
    load_all(GOVERNANCE)
    accounts = load_accounts(GOVERNANCE)
    mappings = {path.stem for path in (GOVERNANCE / "mappings").iterdir()}
    assert mappings == set(accounts)
    assert {path.name for path in GOVERNANCE.glob("*.yaml")} == {"channels.yaml", "permissions.yaml", "routing.yaml"}


@pytest.mark.parametrize("name", ["channels.yaml", "permissions.yaml", "routing.yaml", UK])
def test_a_missing_file_is_named(folder, name):
    (folder.root / name).unlink()
    assert f"governance file {Path(name).name} is missing" in refusal(folder.root)


@pytest.mark.parametrize("name", ["channels.yaml", "permissions.yaml", "routing.yaml", UK])
@pytest.mark.parametrize("text", ["a: [", "- a\n- b", "", "\tx: 1"])
def test_a_file_that_is_no_yaml_or_no_mapping_is_named(folder, name, text):
    (folder.root / name).write_text(text)
    assert f"governance file {Path(name).name}" in refusal(folder.root)


def test_a_file_that_is_no_text_is_named(folder):
    (folder.root / "routing.yaml").write_bytes(b"\xff\xfe\x00")
    assert "routing.yaml cannot be read" in refusal(folder.root)
    (folder.root / "routing.yaml").unlink()
    (folder.root / "routing.yaml").mkdir()
    assert "routing.yaml cannot be read" in refusal(folder.root)


def test_a_key_that_stands_twice_is_named_instead_of_forgotten(folder):
    path = folder.root / "channels.yaml"
    path.write_text(path.read_text() + "\nowner: somebody-else\n")
    assert "channels.yaml is no YAML" in (text := refusal(folder.root))
    assert "'owner' stands twice" in text


MISTAKES = [
    ("channels.yaml", lambda c: c.update(version=2), "version"),
    ("channels.yaml", lambda c: c.update(surprise=1), "surprise"),
    ("channels.yaml", lambda c: c.pop("owner"), "owner"),
    ("channels.yaml", lambda c: c["accounts"]["shopify_uk"].update(chanel="shopify"), "accounts.shopify_uk.chanel"),
    ("channels.yaml", lambda c: c["accounts"]["shopify_uk"].pop("erp"), "accounts.shopify_uk.erp"),
    ("channels.yaml", lambda c: c["accounts"]["shopify_uk"].update(channel="etsy"), "accounts.shopify_uk.channel"),
    ("channels.yaml", lambda c: c["accounts"]["shopify_uk"].update(poll_s=0), "accounts.shopify_uk.poll_s"),
    ("channels.yaml", lambda c: c["accounts"].update(shopify_uk=None), "accounts.shopify_uk"),
    ("channels.yaml", lambda c: c["accounts"].update({"Shop UK": c["accounts"]["shopify_uk"]}), "accounts.Shop UK"),
    ("channels.yaml", lambda c: c["accounts"]["shopify_uk"]["presentment_currencies"].append("USD"), "USD"),
    (UK, lambda c: c["pricelists"].pop("JPY"), "no price list for JPY"),
    (UK, lambda c: c.update(warehous="WH"), "warehous"),
    (UK, lambda c: c["products"].pop("shipping"), "products.shipping"),
    (UK, lambda c: c["taxes"]["rules"][0].update(rate="20%"), "taxes.rules.0.rate"),
    (
        UK,
        lambda c: c["taxes"]["rules"].append({**c["taxes"]["rules"][0], "rate": "0.20", "odoo": "x"}),
        "two rules for VAT",
    ),
    (UK, lambda c: c["order_fields"].update(channel="x"), "order_fields.channel"),
    (UK, lambda c: c.update(document_currency="both"), "document_currency"),
    ("permissions.yaml", lambda c: c["roles"]["on_call"].append("fly"), "roles.on_call"),
    ("permissions.yaml", lambda c: c["members"].update(eve=["emperor"]), "members.eve: there is no role emperor"),
    ("permissions.yaml", lambda c: c.update(owners="x"), "owners"),
    ("routing.yaml", lambda c: c["rules"].append(c["rules"][0]), "two rules share a name"),
    ("routing.yaml", lambda c: c["steps"].pop("amend"), "no entry for amend"),
    ("routing.yaml", lambda c: c["steps"]["place"].update(otherwise="pray"), "steps.place.otherwise"),
    ("routing.yaml", lambda c: c["rules"][0]["when"].update(weather=["rain"]), "rules.0.when.weather"),
    ("routing.yaml", lambda c: c["rules"][0].update(then="burn"), "rules.0.then"),
    ("routing.yaml", lambda c: c["case_hours"].pop("review"), "case_hours"),
    ("routing.yaml", lambda c: c.update(commit_point="click"), "commit_point"),
]


@pytest.mark.parametrize(("name", "mistake", "named"), MISTAKES, ids=[f"{n} {f}" for n, _, f in MISTAKES])
def test_a_mistake_is_named_with_file_and_field(folder, name, mistake, named):
    load_all(folder.root)  # the copy is right until it is spoilt
    folder.edit(name, mistake)
    text = refusal(folder.root)
    assert named in text
    assert Path(name).name in text or named == "USD"


def test_several_mistakes_are_named_at_once(folder):
    folder.edit(UK, lambda c: (c.pop("company"), c.pop("warehouse")))
    assert {"company", "warehouse"} <= set(refusal(folder.root).replace(":", " ").split())


# ---------------------------------------------------------------- one broken account


BREAK = [
    ("channels.yaml", lambda c: c["accounts"]["shopify_uk"].update(poll_s=-1)),
    (UK, lambda c: c.pop("company")),
    (UK, lambda c: c["pricelists"].clear()),
]


@pytest.mark.parametrize(("name", "change"), BREAK)
def test_a_broken_account_takes_no_other_down(folder, name, change):
    folder.edit(name, change)
    found = read_accounts(folder.root)
    assert set(found.usable) == {"shopify_us"}
    assert set(found.broken) == {"shopify_uk"}
    assert Path(name).name in str(found.broken["shopify_uk"])
    with pytest.raises(ConfigurationError):
        load_accounts(folder.root)


def test_all_broken_accounts_are_named_by_whoever_wants_all_or_nothing(folder):
    for account in ("shopify_uk", "shopify_us"):
        (folder.root / "mappings" / f"{account}.yaml").unlink()
    text = refusal(folder.root)
    assert "shopify_uk.yaml" in text
    assert "shopify_us.yaml" in text


def test_the_dags_of_the_other_accounts_stay_and_the_broken_one_is_logged_once(folder, monkeypatch, caplog):
    folder.edit(UK, lambda c: c.pop("company"))
    monkeypatch.setenv("RETAIL_OPS_ENVIRONMENT", "demo")
    monkeypatch.setenv("RETAIL_OPS_ROOT", str(folder.root.parents[1]))
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert set(bootstrap.configured_accounts()) == {"shopify_us"}
    lines = [record.getMessage() for record in caplog.records if "shopify_uk" in record.getMessage()]
    assert len(lines) == 1
    assert "company" in lines[0]


def test_asking_for_a_broken_account_says_what_is_wrong_with_it_and_for_another_gives_it(folder):
    folder.edit(UK, lambda c: c.pop("company"))
    settings = Settings(root=folder.root.parents[1], environment="demo")
    with pytest.raises(ConfigurationError, match=r"shopify_uk\.yaml: company"):
        bootstrap.account_setup(settings, "shopify_uk")
    assert bootstrap.account_setup(settings, "shopify_us").account == "shopify_us"
    with pytest.raises(ConfigurationError, match=r"nobody is not in channels\.yaml; there are: shopify_uk, shopify_us"):
        bootstrap.account_setup(settings, "nobody")


def test_the_command_check_names_the_broken_account_and_checks_the_others(folder):
    folder.edit(UK, lambda c: c.pop("company"))
    env = {
        "PATH": "/usr/bin:/bin", "RETAIL_OPS_ENVIRONMENT": "demo", "RETAIL_OPS_ROOT": str(folder.root.parents[1]),
        "AIRFLOW_CONN_RETAIL_OPS_STORE": "{}", "COLUMNS": "300",
    }  # fmt: skip
    command = [str(Path(sys.executable).with_name("retail-ops")), "check"]
    ran = subprocess.run(command, env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 1
    (uk,) = [text for text in ran.stdout.splitlines() if text.startswith("shopify_uk:")]
    assert "company" in uk
    assert "shopify_us:" in ran.stdout


# ---------------------------------------------------------------- permissions


def test_every_permission_is_carried_by_a_role_or_by_nobody_on_purpose():
    permissions = load_permissions(GOVERNANCE)
    carried = frozenset().union(*permissions.roles.values())
    assert set(Permission) - carried == {Permission.APPROVE_PRICE, Permission.APPROVE_STOCK}


def test_nobody_but_data_protection_sees_or_erases_people():
    roles = load_permissions(GOVERNANCE).roles
    for permission in (Permission.SEE_PERSONAL_DATA, Permission.ERASE_PERSON):
        assert {role for role, held in roles.items() if permission in held} == {"data_protection"}
