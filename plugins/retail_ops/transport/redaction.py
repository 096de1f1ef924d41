"""Keeps secrets out of log records. Not here: what may be logged at all (no bodies, no personal data: the callers)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from urllib.parse import quote

from pydantic import SecretStr
from typing_extensions import override

MASK = "[redacted]"

_HEADER = re.compile(
    r"(?P<name>x-shopify-access-token|x-amz-access-token|(?:proxy-)?authorization|x-api-key|api[-_]?key|set-cookie|cookie)"
    r"(?P<gap>['\"]?\s*[:=,]\s*(?:b?['\"])?)(?:(?:bearer|basic|token)\s+)?[^\s'\",;)}\]]+",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\b(?:shp[a-z]{2}_[A-Za-z0-9]{8,}|(?<=bearer )[A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE)


class RedactionFilter(logging.Filter):
    """Masks registered secrets and values that look like credentials in message, arguments, extras and traceback.

    Attach it to handlers, not to loggers: a logger's filter does not see the records of its children.
    """

    def __init__(self, secrets: Iterable[SecretStr] = ()) -> None:
        super().__init__()
        self._secrets: tuple[str, ...] = ()
        for secret in secrets:
            self.register(secret)

    def register(self, secret: SecretStr) -> None:
        """Mask `secret` from now on, also in its URL-quoted form. Idempotent."""
        plain = secret.get_secret_value()
        known = {*self._secrets, plain, quote(plain, safe="")} - {""}
        # The longest first: a secret that contains another must not be left half masked.
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def mask(self, text: str) -> str:
        """Return `text` without any registered secret or token-looking value."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _HEADER.sub(lambda match: f"{match['name']}{match['gap']}{MASK}", text)
        return _TOKEN.sub(MASK, text)

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the record in place; it is always kept."""
        message = record.getMessage()
        masked = self.mask(message)
        if masked != message:
            record.msg, record.args = masked, None
        if record.exc_info:
            self._mask_traceback(record)
        for name, value in list(vars(record).items()):
            if isinstance(value, str) and name != "msg":
                setattr(record, name, self.mask(value))
        return True

    def _mask_traceback(self, record: logging.LogRecord) -> None:
        if not record.exc_info:
            return
        text = logging.Formatter().formatException(record.exc_info)
        masked = self.mask(text)
        if masked != text:
            # Formatters print `exc_text` when there is no `exc_info`, so the unmasked traceback cannot come back.
            record.exc_text, record.exc_info = masked, None
