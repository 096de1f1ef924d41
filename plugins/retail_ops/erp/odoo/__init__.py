"""Odoo 18 behind `ports/erp.py`: `OdooOrders` is the order side of one account.

`client` calls, `faults` translates errors, `loading` inserts or ignores by external id, `directory` knows what the
mapping names, `tax`, `document` and `contacts` are pure, the rest are the writes. Not here: products, stock levels,
invoices, payments.
"""
