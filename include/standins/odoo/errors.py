"""The errors a client of Odoo sees, by the name that stands in ``error.data.name``.

    OdooError
    |- UserError            odoo.exceptions.UserError
    |  |- RefusedError           the same shape, for what this stand-in does not cover
    |  |- AccessError       odoo.exceptions.AccessError
    |  |- MissingError      odoo.exceptions.MissingError
    |  `- ValidationError   odoo.exceptions.ValidationError (`field` set: a mandatory field is empty)
    |- AccessDeniedError         odoo.exceptions.AccessDenied
    |- OdooValueError       builtins.ValueError
    |- OdooTypeError        builtins.TypeError
    |- OdooAttributeError   builtins.AttributeError
    |- UnnamedError        builtins.Exception
    |- CrashError                builtins.<the Python error>: a bug of the stand-in
    |- DatabaseMissingError      psycopg2.OperationalError
    `- SerializationFailureError psycopg2.errors.SerializationFailure

Source: measured on Odoo 18.  Not here: HTTP status codes (see `http_server`).
"""

from typing import ClassVar

from typing_extensions import override

CONCURRENT_UPDATE = "could not serialize access due to concurrent update\n"


class OdooError(Exception):
    """An error that the server answers with; `vendor_name` is what a client classifies on."""

    vendor_name: ClassVar[str] = "builtins.Exception"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def to_payload(self) -> dict[str, object]:
        """Build the ``error`` member of a JSON-RPC answer.

        Returns:
            code, message and data, as Odoo sends them.
        """
        short = self.vendor_name.removeprefix("builtins.")
        data: dict[str, object] = {
            "name": self.vendor_name,
            "debug": f"Traceback (most recent call last):\n{short}: {self.message}\n",
            "message": self.message,
            "arguments": [self.message],
            "context": {},
        }
        return {"code": 200, "message": "Odoo Server Error", "data": data}


class UserError(OdooError):
    """A business rule refused the operation."""

    vendor_name = "odoo.exceptions.UserError"


class RefusedError(UserError):
    """The real system may accept this, the stand-in does not cover it and will not guess."""

    def __init__(self, what: str) -> None:
        super().__init__(f"This stand-in does not cover {what}.")


class AccessError(UserError):
    """The user has no right to the model or the record."""

    vendor_name = "odoo.exceptions.AccessError"


class MissingError(UserError):
    """A record does not exist or has been deleted."""

    vendor_name = "odoo.exceptions.MissingError"


class ValidationError(UserError):
    """A constraint does not hold; `field` names an empty mandatory field, `label` how users see it."""

    vendor_name = "odoo.exceptions.ValidationError"

    def __init__(self, message: str, *, field: str | None = None, label: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.label = label


class AccessDeniedError(OdooError):
    """The credentials are wrong, or the service is closed."""

    vendor_name = "odoo.exceptions.AccessDenied"

    def __init__(self) -> None:
        super().__init__("Access Denied")


class OdooValueError(OdooError):
    """A field, a value or a date is not valid."""

    vendor_name = "builtins.ValueError"


class OdooTypeError(OdooError):
    """The arguments do not fit the method."""

    vendor_name = "builtins.TypeError"


class OdooAttributeError(OdooError):
    """The method does not exist."""

    vendor_name = "builtins.AttributeError"


class UnnamedError(OdooError):
    """An error that the server raises without a class of its own."""


class CrashError(OdooError):
    """The stand-in itself failed; the client sees the Python error, as from Odoo."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.kind = f"builtins.{type(error).__name__}"

    @override
    def to_payload(self) -> dict[str, object]:
        payload = super().to_payload()
        data = payload["data"]
        return {**payload, "data": {**data, "name": self.kind} if isinstance(data, dict) else data}


class DatabaseMissingError(OdooError):
    """The database does not exist."""

    vendor_name = "psycopg2.OperationalError"


class SerializationFailureError(OdooError):
    """A concurrent transaction changed the same row after this one took its snapshot."""

    vendor_name = "psycopg2.errors.SerializationFailure"

    def __init__(self, claims: frozenset[tuple[str, ...]] = frozenset()) -> None:
        super().__init__(CONCURRENT_UPDATE)
        self.claims = claims


def missing(model: str, record_id: int, uid: int) -> MissingError:
    """Build the error for a record that is not there.

    Args:
        model: The model's name.
        record_id: The id asked for.
        uid: The user who asked.

    Returns:
        The error, to be raised.
    """
    text = f"Record does not exist or has been deleted.\n(Record: {model}({record_id},), User: {uid})"
    return MissingError(text)


def mandatory(model: tuple[str, str], field: str, label: str) -> ValidationError:
    """Build the error for an empty mandatory field.

    Args:
        model: Name and label of the model.
        field: Name of the field.
        label: Label of the field.

    Returns:
        The error, to be raised.
    """
    text = (
        "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n"
        "- Delete: another model requires the record being deleted. If possible, archive it instead.\n\n"
        f"Model: {model[1]} ({model[0]})\nField: {label} ({field})\n"
    )
    return ValidationError(text, field=field, label=label)
