"""A stand-in of an Odoo 18 server: the JSON-RPC calls of the order flow, with their measured traps.

Run it with ``python -m standins.odoo --help``.  It speaks ``POST /jsonrpc`` as odoorpc sends it, keeps its
state in a file, charges the measured latency inside a bounded number of workers and refuses what it does not
cover with Odoo's own error shapes.  Not here: invoices, payments, kits, chatter, returns, the web client.
"""
