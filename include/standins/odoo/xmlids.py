"""External ids: `module.name` to a record, unique, with the stored `noupdate` flag.

Not here: how an import uses them (see `loading`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standins.odoo.env import Env

MODEL = "ir.model.data"
IMPORTED = "/xmlid"


@dataclass(frozen=True, slots=True)
class ExternalId:
    """What an external id says: its record and whether later imports leave that record alone."""

    model: str
    record_id: int
    noupdate: bool


def split(name: str, module: str) -> tuple[str, str]:
    """Split an external id; the first dot ends the module.

    Args:
        name: As the client wrote it.
        module: The module when there is no dot.

    Returns:
        Module and name.
    """
    head, dot, rest = name.partition(".")
    return (head, rest) if dot else (module, name)


def resolve(env: "Env", module: str, name: str) -> ExternalId | None:
    """Look an external id up.

    Args:
        env: The call.
        module: Its module.
        name: Its name.

    Returns:
        What it says, None when it is not taken.
    """
    for row in env.rows(MODEL, "complete_name", f"{module}.{name}"):
        return ExternalId(row["model"], row["res_id"], row["noupdate"])
    return None


def remember(env: "Env", external_id: tuple[str, str, bool], model: str, record_id: int) -> None:
    """Take an external id for a record; two transactions cannot both take it.

    Args:
        env: The call.
        external_id: Module, name and the `noupdate` flag to store.
        model: The record's model.
        record_id: The record's id.
    """
    module, name, noupdate = external_id
    complete = f"{module}.{name}"
    env.tx.claims.add((MODEL, complete))
    row = {"module": module, "name": name, "complete_name": complete, "model": model}
    env.insert(MODEL, {**row, "res_id": record_id, "noupdate": noupdate, "target": f"{model},{record_id}"})


def forget(env: "Env", model: str, record_id: int) -> None:
    """Free the external ids of a deleted record.

    Args:
        env: The call.
        model: Its model.
        record_id: Its id.
    """
    for row in env.rows(MODEL, "target", f"{model},{record_id}"):
        env.tx.put(MODEL, row["id"], None)


def of_record(env: "Env", model: str, record_id: int) -> str | None:
    """Name a record by its external id.

    Args:
        env: The call.
        model: Its model.
        record_id: Its id.

    Returns:
        ``module.name``, None when it has none.
    """
    rows = env.rows(MODEL, "target", f"{model},{record_id}")
    return str(rows[0]["complete_name"]) if rows else None
