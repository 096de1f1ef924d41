"""Partners, stock, domains and the shapes of values."""

import pytest

PERSON = ["id", "name", "email", "street", "zip", "country_id/id", "state_id/.id", "type", "lang"]


@pytest.fixture
def people(erp, call):
    names = [("Abel", "abel@x.com", "r1"), ("abba", "ABBA@X.com", "r2"), ("Zoe", False, False)]
    stem = erp.fresh("grp")
    return stem, [
        call("res.partner", "create", {"name": n, "email": e, "ref": r, "comment": stem, "zip": "1"})
        for n, e, r in names
    ]


def test_a_partner_load_is_idempotent_and_noupdate_keeps_it(call):
    us = call("res.country", "search", [["code", "=", "US"]])[0]
    (state,) = call("res.country.state", "search", [["country_id", "=", us], ["code", "=", "CA"]])
    row = ["c-1", "Ann Lee", "Ann@X.com", "1 A St", "90001", "base.us", str(state), "contact", "en_US"]
    (ann,) = call.load(PERSON, row, model="res.partner")["ids"]
    assert call.load(PERSON, ["c-1", "Other", *row[2:]], model="res.partner")["ids"] == [ann]
    fields = ["name", "country_id", "state_id", "email_normalized", "parent_id", "phone"]
    (shown,) = call("res.partner", "read", [ann], fields)
    assert shown == {
        "id": ann,
        "name": "Ann Lee",
        "country_id": [us, "United States"],
        "state_id": [state, "California (US)"],
        "email_normalized": "ann@x.com",
        "parent_id": False,
        "phone": False,
    }
    assert call.load(["id"], ["c-1"], model="res.partner")["ids"] == [ann]


def test_an_empty_cell_clears_the_field_when_updates_are_allowed(call):
    columns = ["id", "name", "zip"]
    (bob,) = call.load(columns, ["c-2", "Bob", "90001"], model="res.partner", noupdate=False)["ids"]
    call.load(columns, ["c-2", "Bob", ""], model="res.partner", noupdate=False)
    assert call("res.partner", "read", [bob], ["zip", "lang"]) == [{"id": bob, "zip": False, "lang": "en_US"}]


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("country_id/code", "US", "Can not create Many-To-One records indirectly, import the field separately"),
        ("country_id", "XX", "No matching record found for name 'XX' in field 'Country'"),
        ("country_id/.id", "9999", "No matching record found for database id '9999' in field 'Country'"),
        ("country_id/id", "base.zz", "No matching record found for external id 'base.zz' in field 'Country'"),
    ],
)
def test_countries_that_are_not_found(erp, call, column, cell, message):
    answer = call.load(["id", "name", column], [erp.fresh("cc"), "C", cell], model="res.partner")
    assert (answer["ids"], answer["messages"][0]["message"]) == (False, message)


def test_countries_by_code_name_and_external_id(erp, call):
    for column, cell, code in [
        ("country_id", "US", "US"),
        ("country_id", "Germany", "DE"),
        ("country_id/id", "base.uk", "GB"),
    ]:
        (ident,) = call.load(["id", "name", column], [erp.fresh("cc"), "C", cell], model="res.partner")["ids"]
        country = call("res.partner", "read", [ident], ["country_id"])[0]["country_id"][0]
        assert call("res.country", "read", [country], ["code"])[0]["code"] == code


def test_an_ambiguous_state_only_warns(erp, call):
    answer = call.load(["id", "name", "state_id"], [erp.fresh("cc"), "C", "NT"], model="res.partner")
    assert answer["ids"]
    assert [message["type"] for message in answer["messages"]] == ["warning"]


def test_addresses_of_a_parent(erp, call, refused):
    parent = call("res.partner", "create", {"name": "Parent", "email": "p@x.com"})
    child = call("res.partner", "create", {"type": "delivery", "parent_id": parent, "street": "Dock"})
    assert call("res.partner", "read", [child], ["display_name"])[0]["display_name"] == "Parent, Delivery Address"
    assert call("res.partner", "read", [parent], ["child_ids"])[0]["child_ids"] == [child]
    order = call("sale.order", "create", {"partner_id": parent})
    assert (call.get(order, "partner_shipping_id")[0], call.get(order, "partner_invoice_id")[0]) == (child, parent)
    with refused("odoo.exceptions.ValidationError", "Contacts require a name"):
        call("res.partner", "create", {"type": "contact"})
    with refused("odoo.exceptions.ValidationError", "sale_order_partner_id_fkey"):
        call("res.partner", "unlink", [parent])
    call("res.partner", "write", [parent], {"active": False})
    assert call("sale.order", "create", {"partner_id": parent}), "archived partners are still accepted"


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ([["name", "=", "Abel"]], [0]),
        ([["name", "!=", "Abel"]], [1, 2]),
        ([["name", "in", ["Abel", "Zoe"]]], [0, 2]),
        ([["name", "not in", ["Abel", "Zoe"]]], [1]),
        ([["name", "like", "Ab"]], [0]),
        ([["name", "ilike", "AB"]], [0, 1]),
        ([["name", "not ilike", "ab"]], [2]),
        ([["name", "like", "A%l"]], [0]),
        ([["name", "=like", "A_el"]], [0]),
        ([["name", "=ilike", "ABBA"]], [1]),
        ([["email_normalized", "=", "abba@x.com"]], [1]),
        ([["email", "=", False]], [2]),
        ([["email", "!=", False]], [0, 1]),
        ([["ref", ">=", "r2"]], [1]),
        ([["ref", "<", "r2"]], [0]),
        (["|", ["name", "=", "Zoe"], ["name", "=", "Abel"]], [0, 2]),
        (["!", ["name", "=", "Zoe"]], [0, 1]),
        (["&", ["zip", "=", "1"], "!", "|", ["name", "=", "Zoe"], ["name", "=", "Abel"]], [1]),
        ([["create_uid.login", "=", "integration"], ["create_uid.id", "=", 6]], [0, 1, 2]),
        ([["create_uid.partner_id.name", "ilike", "nobody"]], []),
    ],
)
def test_domains(call, people, domain, expected):
    stem, ids = people
    found = call("res.partner", "search", [["comment", "=", stem], *domain], order="id")
    assert found == [ids[position] for position in expected]


def test_unknown_operators_and_broken_domains_are_refused(call, refused):
    with refused("builtins.ValueError", "child_of"):
        call("res.partner", "search", [["name", "child_of", 1]])
    with refused("builtins.ValueError"):
        call("res.partner", "search", ["&", ["name", "=", "x"]])
    with refused("builtins.ValueError", "Invalid field res.users.nope in leaf ('nope', '=', 1)"):
        call("res.partner", "search", [["create_uid.nope", "=", 1]])


def test_order_limit_offset_and_count(call, people):
    stem, ids = people
    domain = [["comment", "=", stem]]
    assert call("res.partner", "search", domain, order="ref") == ids, "no value comes last"
    assert call("res.partner", "search", domain, order="ref desc") == [ids[2], ids[1], ids[0]], "and first downwards"
    assert call("res.partner", "search", domain, order="id", offset=1, limit=1) == [ids[1]]
    assert call("res.partner", "search_count", domain) == 3


def test_references_are_pairs_unless_load_is_empty(erp, call):
    order = call.order({})
    assert call("sale.order", "read", [order], ["partner_id"], load="") == [{"id": order, "partner_id": erp.partner}]
    assert call("sale.order", "read", order, ["carrier_id"]) == [{"id": order, "carrier_id": False}]


def test_archived_products_are_hidden_unless_asked_for(erp, call):
    erp.seed(products=[{"sku": "OLD", "name": "Old", "active": False}])
    domain = [["default_code", "=", "OLD"]]
    assert call("product.product", "search_count", domain) == 0
    assert call("product.product", "search_count", domain, context={"active_test": False}) == 1
    assert call("product.product", "search_count", [*domain, ["active", "in", [True, False]]]) == 1


def test_quantities_follow_warehouse_id_and_ignore_warehouse(erp, call):
    here, east = call.free(warehouse_id=1)["free_qty"], call.free(warehouse_id=2)["free_qty"]
    assert east == 5.0
    assert call.free(warehouse=2)["free_qty"] == call.free(warehouse_id=[1, 2])["free_qty"] == here + east


def test_counting_with_and_without_inventory_mode(erp, call):
    erp.seed(products=[{"sku": "COUNT", "name": "Count"}])
    (product,) = call("product.product", "search", [["default_code", "=", "COUNT"]])
    place = {
        "product_id": product,
        "location_id": call("stock.warehouse", "read", [1], ["lot_stock_id"])[0]["lot_stock_id"][0],
    }

    def count(quantity, **context):
        quant = call("stock.quant", "create", {**place, "inventory_quantity": quantity}, context=context)
        assert call("stock.quant", "action_apply_inventory", [quant]) is None
        return quant

    first = count(12, inventory_mode=True)
    assert count(10, inventory_mode=True) == first
    read = [["product_id", "=", product]], ["quantity", "reserved_quantity", "warehouse_id"]
    assert [row["quantity"] for row in call("stock.quant", "search_read", *read)] == [10.0]
    assert count(13) != first, "without inventory mode a second quant is made"
    assert [row["quantity"] for row in call("stock.quant", "search_read", *read, order="id")] == [23.0, 0.0]
    assert call("product.product", "read", [product], ["free_qty"], context={"warehouse_id": 1})[0]["free_qty"] == 23.0
    assert call("stock.move", "search_count", [["product_id", "=", product], ["is_inventory", "=", True]]) == 3


def test_countries_and_currencies_are_complete(call):
    assert call("res.country", "search_count", []) == 250
    assert call("ir.model.data", "check_object_reference", "base", "uk")[0] == "res.country"
    for code, count in (("US", 62), ("CA", 13), ("AU", 8)):
        assert call("res.country.state", "search_count", [["country_id.code", "=", code]]) == count
    rounding = call(
        "res.currency", "search_read", [["name", "in", ["JPY", "KWD", "USD"]]], ["name", "rounding"], order="name"
    )
    assert [row["rounding"] for row in rounding] == [1.0, 0.001, 0.01]
