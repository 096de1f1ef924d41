"""Logging in, rights, and the shapes of refusals."""

import odoorpc
import pytest
import requests


def test_login_with_an_api_key_gives_the_user_and_its_context(erp):
    client = erp.client()
    assert client.env.uid == 6
    assert client.execute("res.users", "context_get") == {"lang": "en_US", "tz": "UTC", "uid": 6}


def test_a_wrong_password_at_login_carries_no_info(erp):
    with pytest.raises(odoorpc.error.RPCError, match="Wrong login ID or password") as caught:
        erp.client(password="wrong")
    assert caught.value.info is False


def test_a_wrong_password_in_a_call_is_access_denied(erp):
    args = ["demo", 6, "wrong", "res.users", "context_get"]
    answer = erp.raw({"id": 1, "params": {"service": "object", "method": "execute", "args": args}})
    assert answer["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"
    assert (answer["error"]["code"], answer["error"]["message"]) == (200, "Odoo Server Error")


def test_a_wrong_database_is_an_operational_error(erp):
    client = odoorpc.ODOO("127.0.0.1", port=erp.port, version="18.0")
    with pytest.raises(odoorpc.error.RPCError) as caught:
        client.login("nodb", "integration", "x")
    assert caught.value.info["data"]["name"] == "psycopg2.OperationalError"


def test_the_version_is_found_without_being_told(erp):
    assert odoorpc.ODOO("127.0.0.1", port=erp.port).version == "18.0"


def test_authenticate_and_version_of_the_common_service(erp):
    def common(method, *args):
        return erp.raw({"id": 1, "params": {"service": "common", "method": method, "args": list(args)}})

    assert common("version")["result"]["server_serie"] == "18.0"
    assert common("authenticate", "demo", "integration", "integration-key", {})["result"] == 6
    assert common("nope")["error"]["data"]["message"] == "Method not found: nope"


def test_listing_databases_is_denied(erp):
    answer = erp.raw({"id": 1, "params": {"service": "db", "method": "list", "args": []}})
    assert answer["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"


def test_malformed_json_is_400_and_an_unknown_route_is_a_page(erp):
    assert requests.post(f"{erp.url}/jsonrpc", data="{", timeout=9).status_code == 400
    page = requests.post(f"{erp.url}/json/2/sale.order/read", data="{}", timeout=9)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert requests.get(f"{erp.url}/health", timeout=9).status_code == 200


def test_only_the_integration_user_reads_orders_the_low_user_may_not(erp, caller, refused):
    low = caller(erp, erp.client("low", "low:control-token"))
    assert low("res.partner", "search_count", [["email_normalized", "=", "jane@example.com"]]) == 1
    with refused("odoo.exceptions.AccessError", "You are not allowed to access 'Sales Order' (sale.order) records."):
        low("sale.order", "search_read", [])
    with refused("odoo.exceptions.AccessError", "You are not allowed to create 'Contact' (res.partner)"):
        low("res.partner", "create", {"name": "x"})


def test_external_ids_are_closed_to_the_integration_user_but_resolvable(call, refused):
    call.simple("acl-1")
    with refused("odoo.exceptions.AccessError", "You are not allowed to access 'Model Data' (ir.model.data)"):
        call("ir.model.data", "search_read", [])
    with refused("odoo.exceptions.AccessError", "You are not allowed to create 'Model Data' (ir.model.data)"):
        call("ir.model.data", "create", {"module": "shop", "name": "x", "model": "sale.order", "res_id": 1})
    model, _ = call("ir.model.data", "check_object_reference", "shop", "acl-1")
    assert model == "sale.order"
    with refused("builtins.ValueError", "External ID not found in the system: shop.none"):
        call("ir.model.data", "check_object_reference", "shop", "none")
    with refused("odoo.exceptions.AccessError"):
        call("ir.model.fields", "search_read", [])


def test_the_administrator_reads_external_ids(erp, call, caller):
    call.simple("acl-2")
    admin = caller(erp, erp.client("admin", "control-token"))
    found = admin("ir.model.data", "search_read", [["name", "=", "acl-2"]], ["module", "noupdate"])
    assert [(row["module"], row["noupdate"]) for row in found] == [("shop", True)]


@pytest.mark.parametrize(
    ("model", "method", "args", "name", "text"),
    [
        ("no.such.model", "read", [[1]], "odoo.exceptions.UserError", "Object no.such.model doesn't exist"),
        ("sale.order", "nope", [[1]], "builtins.AttributeError", "The method 'sale.order.nope' does not exist"),
        ("sale.order", "find", [[]], "builtins.AttributeError", "The method 'sale.order.find' does not exist"),
        ("product.product", "create", [{}], "builtins.AttributeError", "does not exist"),
        ("sale.order", "_create_invoices", [[1]], "odoo.exceptions.AccessError", "Private methods (such as"),
        ("sale.order", "read", [[1], ["nope"]], "builtins.ValueError", "Invalid field 'nope' on model 'sale.order'"),
        ("sale.order", "search", [[["nope", "=", 1]]], "builtins.ValueError", "Invalid field sale.order.nope in leaf"),
        ("sale.order", "action_confirm", [[999999]], "odoo.exceptions.MissingError", "(Record: sale.order(999999,)"),
        ("sale.order", "write", [[999999], {"origin": "x"}], "odoo.exceptions.MissingError", "User: 6)"),
        ("sale.order", "unlink", [[999999]], "odoo.exceptions.MissingError", "Record does not exist"),
        ("sale.order", "create", [{"client_order_ref": "x"}], "odoo.exceptions.ValidationError", "(partner_id)"),
    ],
)
def test_what_is_not_there_is_refused_in_odoos_shape(call, refused, model, method, args, name, text):
    with refused(name, text):
        call(model, method, *args)


def test_a_missing_record_reads_as_nothing(call):
    assert call("sale.order", "read", [999999]) == []


def test_unknown_arguments_are_a_type_error(call, refused):
    with refused("builtins.TypeError", "BaseModel._read_format() got an unexpected keyword argument 'bogus'"):
        call("sale.order", "search_read", [], ["name"], bogus=1)


def test_contexts_that_change_the_meaning_are_refused(call, refused):
    with refused("odoo.exceptions.AccessError", "Access to unauthorized or invalid companies."):
        call("sale.order", "search", [], context={"allowed_company_ids": [99]})
    with refused("odoo.exceptions.UserError", "Invalid language code: fr_FR"):
        call("sale.order", "search", [], context={"lang": "fr_FR"})
    with refused("odoo.exceptions.UserError", "does not cover"):
        call("sale.order", "search", [], context={"default_partner_id": 1})


@pytest.mark.shared
def test_the_recorded_refusals_of_the_real_system_are_matched_word_for_word(erp, call, recordings):
    recorded = recordings("errors.json")
    cases = {
        "missing record write": ("sale.order", "write", [[999999], {"origin": "x"}]),
        "missing record unlink": ("sale.order", "unlink", [[999999]]),
        "missing field read": ("sale.order", "read", [[1], ["nope"]]),
        "missing field domain": ("sale.order", "search", [[["nope", "=", 1]]]),
        "missing model": ("no.such.model", "read", [[1]]),
        "missing method": ("sale.order", "nope", [[1]]),
        "private method": ("sale.order", "_create_invoices", [[1]]),
        "required field missing": ("sale.order", "create", [{"client_order_ref": "x"}]),
    }
    for name, (model, method, args) in cases.items():
        with pytest.raises(odoorpc.error.RPCError) as caught:
            call(model, method, *args)
        info, real = caught.value.info, recorded[name]
        seen = (info["code"], info["message"], info["data"]["name"], info["data"]["message"], info["data"]["arguments"])
        keys = ("code", "message", "data.name", "data.message", "data.arguments")
        assert seen == tuple(real[key] for key in keys), name
    low = recorded["access denied model read (ACL)"]
    with pytest.raises(odoorpc.error.RPCError) as caught:
        erp.client("low", "low:control-token").execute_kw("sale.order", "read", [[1]], {})
    assert caught.value.info["data"]["message"] == low["data.message"]
