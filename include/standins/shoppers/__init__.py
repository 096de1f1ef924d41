"""The people who buy: a seeded trading day, and the replay of a real shop's invoices.

They speak to a stand-in's control endpoint only. NOT here: the shops, and any check of what the integration made of it.
"""
