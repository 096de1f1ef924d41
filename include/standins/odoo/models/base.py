"""Users, company, currencies, countries and the tables of external ids and manual fields.

Not here: partners (see `partner`), the rows themselves (see `setup`).
"""

from typing_extensions import override

from standins.odoo import xmlids
from standins.odoo.errors import OdooValueError
from standins.odoo.fields import Field, many2one, one2many, simple, table
from standins.odoo.model import READ_ONLY, Model
from standins.odoo.values import Row, Value

_ROUNDING = (("round_per_line", "Round per Line"), ("round_globally", "Round Globally"))


class Users(Model):
    """`res.users`: admin, integration and low."""

    name = "res.users"
    label = "User"
    order = "name,login"
    indexed = ("login",)
    public = READ_ONLY | {"context_get"}
    columns = table(
        *simple("char", name="Name", login="Login", email="Email", tz="Timezone", lang="Language"),
        Field("active", "boolean", "Active"),
        many2one("partner_id", "res.partner", "Related Partner", required=True),
        many2one("company_id", "res.company", "Company", required=True),
    )

    def context_get(self) -> dict[str, Value]:
        """Give the user's own context, as `context_get` does."""
        row = self.env.row(self.name, self.env.uid)
        return {"lang": row["lang"] or False, "tz": row["tz"] or False, "uid": self.env.uid}


class Company(Model):
    """`res.company`: the one company."""

    name = "res.company"
    label = "Companies"
    columns = table(
        Field("name", "char", "Company Name", required=True),
        many2one("partner_id", "res.partner", "Partner", required=True),
        many2one("currency_id", "res.currency", "Currency", required=True),
        many2one("country_id", "res.country", "Country"),
        Field("tax_calculation_rounding_method", "selection", "Tax Calculation Rounding Method", selection=_ROUNDING),
    )


class Currency(Model):
    """`res.currency`: every ISO 4217 currency, active once it is used."""

    name = "res.currency"
    label = "Currency"
    order = "active desc, name"
    indexed = ("name",)
    columns = table(
        *simple("char", name="Currency", full_name="Name", symbol="Symbol"),
        Field("rounding", "float", "Rounding Factor", digits=6),
        Field("decimal_places", "integer", "Decimal Places"),
        Field("active", "boolean", "Active"),
    )


class Country(Model):
    """`res.country`."""

    name = "res.country"
    label = "Country"
    order = "name"
    indexed = ("code", "name")
    name_search_on = ("code", "name")
    columns = table(
        *simple("char", name="Country Name", code="Country Code"),
        one2many("state_ids", "res.country.state", "country_id", "States"),
    )


class State(Model):
    """`res.country.state`."""

    name = "res.country.state"
    label = "Country state"
    order = "code"
    indexed = ("country_id", "code")
    name_search_on = ("code", "name")
    columns = table(
        *simple("char", name="State Name", code="State Code"),
        many2one("country_id", "res.country", "Country", required=True),
    )

    @override
    def display_name(self, row: Row) -> str:
        return f"{row['name']} ({self.env.row('res.country', row['country_id'])['code']})"


class Uom(Model):
    """`uom.uom`: units only."""

    name = "uom.uom"
    label = "Product Unit of Measure"
    columns = table(Field("name", "char", "Unit of Measure", required=True))


class ModelData(Model):
    """`ir.model.data`: readable by the administrator, resolvable by everybody."""

    name = "ir.model.data"
    label = "Model Data"
    order = "module, model, name"
    indexed = ("complete_name", "target")
    public = READ_ONLY | {"check_object_reference", "create", "write", "unlink"}
    columns = table(
        *simple("char", module="Module", name="External Identifier", model="Model Name"),
        Field("res_id", "integer", "Record ID"),
        Field("noupdate", "boolean", "Non Updatable"),
    )

    def check_object_reference(
        self, module: str, xml_id: str, raise_on_access_error: Value = None
    ) -> tuple[str, int | bool]:
        """Resolve an external id, as `check_object_reference` does."""
        known = xmlids.resolve(self.env, module, xml_id)
        if known is None:
            raise OdooValueError(f"External ID not found in the system: {module}.{xml_id}")
        if raise_on_access_error:
            self.env.model(known.model).check("read")
        return known.model, known.record_id

    @override
    def prepare(self, values: Row) -> Row:
        complete = f"{values['module']}.{values['name']}"
        return {**values, "complete_name": complete, "target": f"{values['model']},{values['res_id']}"}


class ModelFields(Model):
    """`ir.model.fields`: the manual fields only; the administrator alone may read it."""

    name = "ir.model.fields"
    label = "Fields"
    order = "name"
    columns = table(
        *simple("char", name="Field Name", model="Model Name", field_description="Field Label", ttype="Field Type"),
        Field("required", "boolean", "Required"),
    )
