"""Airflow knows the connection types: valid, found, with forms, and nothing secret under a name it would show."""

from __future__ import annotations

import json
from importlib.metadata import distribution
from importlib.resources import files

import jsonschema
import pytest
from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
from airflow.sdk.log import redact
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

from retail_ops.channels.shopify.config import API_VERSION
from retail_ops.provider_info import get_provider_info

TYPES = {"odoo": "OdooHook", "shopify": "ShopifyHook"}


def schema(name: str) -> dict[str, object]:
    return json.loads((files("airflow") / name).read_text(encoding="utf-8"))


def check_against_airflow(info: dict[str, object]) -> None:
    jsonschema.validate(info, schema("provider_info.schema.json"))
    # The runtime schema does not look inside forms; the one for authors does.
    forms = schema("provider.yaml.schema.json")["properties"]["connection-types"]
    jsonschema.validate(info["connection-types"], forms)


@pytest.fixture(scope="module")
def forms() -> dict[str, object]:
    return {form.connection_type: form for form in HookMetaService.hook_meta_data()}


def test_the_provider_is_valid_for_airflow():
    check_against_airflow(get_provider_info())


def test_the_check_catches_a_form_with_an_unknown_part():
    broken = json.loads(json.dumps(get_provider_info()))
    broken["connection-types"][0]["ui-field-behaviour"]["hidden-fields"] = ["warehouse"]
    with pytest.raises(jsonschema.ValidationError):
        check_against_airflow(broken)


def test_the_package_is_the_distribution_that_registers_it():
    (entry,) = distribution(get_provider_info()["package-name"]).entry_points.select(group="apache_airflow_provider")
    assert entry.load() is get_provider_info


@pytest.mark.parametrize("conn_type", TYPES)
def test_airflow_finds_the_hook_of_a_type(conn_type):
    hook = ProvidersManagerTaskRuntime().hooks[conn_type]
    assert hook.package_name == "retail-ops"
    assert hook.hook_class_name.endswith(f".{TYPES[conn_type]}")
    assert hook.connection_testable


def test_the_forms_ask_for_what_the_clients_need(forms):
    odoo, shop = forms["odoo"], forms["shopify"]
    assert set(odoo.extra_fields) == {"tls", "environment"}
    assert set(shop.extra_fields) == {"api_version", "tls", "environment"}
    assert (odoo.standard_fields.url_schema.title, odoo.standard_fields.password.title) == ("Database", "API key")
    assert (shop.standard_fields.login.hidden, shop.standard_fields.url_schema.hidden) == (True, True)


def test_the_form_offers_the_api_version_that_the_mapper_is_written_for(forms):
    assert forms["shopify"].extra_fields["api_version"]["value"] == API_VERSION


def check_secrets_are_masked(info: dict[str, object]) -> None:
    for form in info["connection-types"]:
        fields = form["conn-fields"].items()
        secret = [name for name, field in fields if field["schema"].get("format") == "password"]
        assert [name for name in [*secret, "password"] if redact("value", name) == "value"] == []


def test_airflow_masks_every_secret_of_a_form():
    check_secrets_are_masked(get_provider_info())


def test_the_check_catches_a_secret_under_a_name_that_airflow_shows():
    careless = json.loads(json.dumps(get_provider_info()))
    careless["connection-types"][0]["conn-fields"]["keyphrase"] = {"schema": {"type": "string", "format": "password"}}
    with pytest.raises(AssertionError):
        check_secrets_are_masked(careless)
