"""Hooks of the connection types `odoo` and `shopify`, for DAG authors and for the Test button. No flow is here."""
