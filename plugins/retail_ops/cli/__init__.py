"""The command `retail-ops`: what people do from a shell. No decisions here: it asks, prints and sets the exit code."""

from __future__ import annotations

import typer

from retail_ops.cli import check, desk, runtime

app = typer.Typer(
    name="retail-ops",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="""
    Governs Odoo beside Shopify: every order becomes a message, passes its gate, and reaches Odoo exactly once.

    **See it work:** `retail-ops demo` starts everything on this machine and lets a trading day happen.

    **Look into it:** `retail-ops trace '#1001'` follows one order; `retail-ops cases` lists what waits for a person.

    **Prove it:** `retail-ops verify` recomputes the audit chains and compares shop, store and Odoo.
    """,
)
for module in (runtime, desk, check):
    module.register(app)

__all__ = ["app"]
