"""The models of the order flow and their rules.

Not here: the engines they share (`reading`, `writing`, `domain`, `loading`).
"""

from standins.odoo.model import Model
from standins.odoo.models.base import Company, Country, Currency, ModelData, ModelFields, State, Uom, Users
from standins.odoo.models.partner import Partner
from standins.odoo.models.product import Carrier, Pricelist, Product, Tax
from standins.odoo.models.sale_line import SaleOrderLine
from standins.odoo.models.sale_order import SaleOrder
from standins.odoo.models.stock import Location, Move, Picking, Warehouse
from standins.odoo.models.stock_quant import Quant

MODELS: tuple[type[Model], ...] = (
    Carrier,
    Company,
    Country,
    Currency,
    Location,
    ModelData,
    ModelFields,
    Move,
    Partner,
    Picking,
    Pricelist,
    Product,
    Quant,
    SaleOrder,
    SaleOrderLine,
    State,
    Tax,
    Uom,
    Users,
    Warehouse,
)
