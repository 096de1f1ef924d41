"""Insert or ignore many records by external id in one call, and keep one bad record from holding the rest.

`load()` with `noupdate` never touches a record that exists and returns its id, so the same call again is the look-up
after an unknown outcome. It never raises for data: any bad record rolls the whole call back and comes back as a
message. Those records are taken out and the rest is tried again; each is tried alone before it is called refused.
Where messages name no record, or the call itself fails, the batch is halved.

Not here: what the cells say (see `orders` and `contacts`).

Source: measured on Odoo 18. With `noupdate` two processes writing 25 equal keys made 0 duplicates and 0 doubled lines;
without it lines doubled in 19 of 25. Lines with external ids are safe only together with `noupdate`, and only under ids
that no other order uses: an existing line is linked to the record that names it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from retail_ops.contracts.errors import (
    AmbiguousError,
    RejectedError,
    RetailOpsError,
    ThrottledError,
    TransientError,
)
from retail_ops.erp.odoo.client import Answer, Caller, Json
from retail_ops.erp.odoo.faults import CONFLICT_TEXT, ConflictError, redact
from retail_ops.erp.odoo.names import NAMESPACE
from retail_ops.ports.erp import Problem

BATCH: Final = 50
TRIES: Final = 3
RETRY_AFTER_S: Final = 30.0
INSERT_OR_IGNORE: Final[Mapping[str, Json]] = {
    "module": NAMESPACE,
    "mode": "update",
    "noupdate": True,
    "tracking_disable": True,
}

Pause: TypeAlias = Callable[[float], None]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Record:
    """One record to insert: its external name, and its rows of cells without the `id` cell.

    A second row and those after it continue the record; their header cells are empty.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Deferred:
    """Away, busy or unknown: the same call again after `retry_after_s`."""

    reason: str
    retry_after_s: float = RETRY_AFTER_S


Loaded: TypeAlias = "int | Problem | Deferred"


def postponed(error: TransientError | AmbiguousError | ThrottledError) -> Deferred:
    """Return the deferral that an error of a call stands for."""
    wait = error.retry_after_s if isinstance(error, ThrottledError) else RETRY_AFTER_S
    return Deferred(str(error), wait)


def patiently(
    act: Callable[[], Result],
    pause: Pause,
    *,
    again: tuple[type[RetailOpsError], ...] = (ConflictError, AmbiguousError),
) -> Result:
    """Run an idempotent call, again at once after a conflict or an unknown outcome.

    Args:
        act: The call; running it twice must be the same as running it once.
        pause: Sleeps for some seconds.
        again: What is worth another try at once.

    Raises:
        TransientError: Still in conflict after three tries, or away.
        AmbiguousError: Still unknown after three tries.
    """
    for attempt in range(1, TRIES):
        try:
            return act()
        except again:
            pause(random.uniform(0.05, 0.25) * attempt)  # noqa: S311
    return act()


class Loader:
    """Inserts or ignores records of one model."""

    def __init__(self, caller: Caller, model: str, columns: Sequence[str], *, pause: Pause = time.sleep) -> None:
        self._caller = caller
        self._model = model
        self._columns = ["id", *columns]
        self._pause = pause

    def load(self, records: Sequence[Record]) -> dict[str, Loaded]:
        """Insert each record unless its external id exists; return the id, or what stood in its way, by name.

        Idempotent: by external id. Records of one name are inserted once, from the first of them.

        Raises:
            ConfigurationError: A column does not exist.
            AuthorisationError: The user may not write this model.
        """
        distinct = list({record.name: record for record in reversed(records)}.values())[::-1]
        found: dict[str, Loaded] = {}
        for start in range(0, len(distinct), BATCH):
            self._attempt(distinct[start : start + BATCH], found)
        return found

    def _attempt(self, batch: Sequence[Record], found: dict[str, Loaded]) -> None:
        try:
            answer = patiently(lambda: self._send(batch), self._pause)
        except RejectedError as error:
            self._part(batch, [], Problem(error.code, "", error.detail), found)
            return
        except (TransientError, AmbiguousError, ThrottledError) as error:
            found.update({record.name: postponed(error) for record in batch})
            return
        if answer["ids"]:
            found.update(zip((record.name for record in batch), answer["ids"], strict=True))
            return
        errors = [message for message in answer["messages"] if message.get("type", "error") == "error"]
        self._part(batch, _named(batch, errors), _problem(self._model, errors), found)

    def _send(self, batch: Sequence[Record]) -> Answer:
        rows = [list(row) for record in batch for row in _with_name(record)]
        answer = self._caller.push(self._model, "load", self._columns, rows, context=INSERT_OR_IGNORE)
        texts = [str(message.get("message", "")) for message in answer["messages"]]
        if not answer["ids"] and any(CONFLICT_TEXT in text for text in texts):
            raise ConflictError(f"{self._model}.load: another transaction inserted the same records")
        return answer

    def _part(
        self, batch: Sequence[Record], named: Sequence[Record], problem: Problem, found: dict[str, Loaded]
    ) -> None:
        if len(batch) == 1:
            found[batch[0].name] = problem
            return
        rest = [record for record in batch if record not in named]
        if named:
            groups = [rest, *([record] for record in named)]
        else:
            middle = len(batch) // 2
            groups = [list(batch[:middle]), list(batch[middle:])]
        for group in groups:
            if group:
                self._attempt(group, found)


def resolve(caller: Caller, model: str, names: Sequence[str]) -> dict[str, int]:
    """Return the ids behind external names; a name that is not taken is absent.

    `load` of the id column alone finds records; for a missing one it reports the model's required fields, and
    nothing is created. Only for models that have a required field without default.

    Source: measured on Odoo 18; `ir.model.data` itself is closed to the integration user.
    """
    found: dict[str, int] = {}
    for start in range(0, len(names), BATCH * 4):
        wanted = list(dict.fromkeys(names[start : start + BATCH * 4]))
        while wanted:
            answer = caller.fetch(model, "load", ["id"], [[name] for name in wanted], context=INSERT_OR_IGNORE)
            if answer["ids"]:
                found.update(zip(wanted, answer["ids"], strict=True))
                break
            missing = {message["record"] for message in answer["messages"] if "record" in message}
            if not missing:
                raise TransientError(f"{model}.load: {redact(str(answer['messages'])[:200])}")
            wanted = [name for position, name in enumerate(wanted) if position not in missing]
    return found


def _with_name(record: Record) -> Iterator[tuple[str, ...]]:
    for position, row in enumerate(record.rows):
        yield (record.name if position == 0 else "", *row)


def _named(batch: Sequence[Record], errors: Sequence[Mapping[str, Any]]) -> list[Record]:
    spans: dict[int, Record] = {}
    row = 0
    for record in batch:
        for _ in record.rows:
            spans[row] = record
            row += 1
    found: list[Record] = []
    for message in errors:
        span = message.get("rows") or {}
        for position in range(span.get("from", 0), span.get("to", -1) + 1):
            if position in spans and spans[position] not in found:
                found.append(spans[position])
    return found


def _problem(model: str, errors: Sequence[Mapping[str, Any]]) -> Problem:
    first = errors[0] if errors else {}
    field = first.get("field")
    where = f"{model}.{field}" if field else model
    return Problem("odoo_refused", "", f"{where}: {redact(str(first.get('message', 'no message')))}")
