"""retail_ops: governed integration of Odoo with Shopify and marketplaces on Apache Airflow.

Imports point one way: cli -> local | orchestration -> bootstrap -> flows | channels | erp | gates | store
-> transport -> ports -> governance -> contracts. `docs/architecture.md` draws the house.
"""

__version__ = "0.1.0"
