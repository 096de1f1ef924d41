"""The one error tree; the class is the CONSEQUENCE. Vendor errors are translated in the adapters only.

RetailOpsError
├── DataError              the message itself is wrong            -> a case that names the field, never a retry
│   ├── MappingError       a channel's payload does not fit the contract
│   └── RejectedError      the far side refuses this message by a business rule
├── ThrottledError         the far side asks to slow down         -> wait `retry_after_s`, then the same call
├── TransientError         the far side or the store is away      -> retry later, with growing pauses
│   └── GateCrashedError   a check could not run (says nothing about the data)
├── AmbiguousError         the outcome of a write is unknown      -> look up, then continue
├── AuthorisationError     credentials or rights are wrong        -> stop the lane, alert
│   └── PermissionDeniedError  a person or service may not do this
└── ConfigurationError     the deployment is wrong                -> stop the lane, alert, name what is missing
    └── KeyReusedError     an idempotency key came back with another fingerprint
"""

from __future__ import annotations


class RetailOpsError(Exception):
    """Base of every error raised on purpose."""


class DataError(RetailOpsError):
    """The message itself is wrong: it becomes a case and is never retried unchanged.

    Attributes:
        code: Stable snake_case name of the problem, e.g. `unknown_sku`.
        field: JSON path of the offending field, e.g. `lines[2].sku`; empty when the whole message is meant.
        detail: What is wrong, without personal data.
    """

    def __init__(self, code: str, field: str, detail: str) -> None:
        super().__init__(f"{code} at {field or '(message)'}: {detail}")
        self.code = code
        self.field = field
        self.detail = detail


class MappingError(DataError):
    """A channel's payload does not fit the contract."""


class RejectedError(DataError):
    """The far side refuses this message by a business rule."""


class ThrottledError(RetailOpsError):
    """The far side asks to slow down.

    Attributes:
        retry_after_s: Seconds until the same call may succeed, >= 0.
    """

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = max(0.0, retry_after_s)


class TransientError(RetailOpsError):
    """The far side or the store is away or busy; nothing happened and the same call may succeed later."""


class GateCrashedError(TransientError):
    """A check could not run. This says nothing about the data."""


class AmbiguousError(RetailOpsError):
    """A write was sent and its outcome is unknown: look up before anything else."""


class AuthorisationError(RetailOpsError):
    """Credentials or rights are wrong; retrying changes nothing."""


class PermissionDeniedError(AuthorisationError):
    """A person or service may not do this."""


class ConfigurationError(RetailOpsError):
    """The deployment is wrong; the message names what is missing."""


class KeyReusedError(ConfigurationError):
    """An idempotency key came back with another fingerprint."""
