from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from pydantic import SecretStr

from retail_ops.transport.redaction import MASK, RedactionFilter

SECRET = "p@ss/word with=signs"


@pytest.fixture
def logged() -> Iterator[tuple[logging.Logger, StringIO, RedactionFilter]]:
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s %(extra_field)s", defaults={"extra_field": ""}))
    guard = RedactionFilter([SecretStr(SECRET)])
    handler.addFilter(guard)
    logger = logging.getLogger("tests.redaction.child")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield logger, out, guard
    logger.removeHandler(handler)


def test_a_registered_secret_is_masked_wherever_it_hides(
    logged: tuple[logging.Logger, StringIO, RedactionFilter],
) -> None:
    logger, out, _ = logged
    logger.info("password %s", SECRET)
    logger.info(f"plain {SECRET}")  # noqa: G004 - a careless caller is the case
    logger.info("url %s", "http://x/?p=p%40ss%2Fword%20with%3Dsigns")
    logger.info("extra", extra={"extra_field": f"<{SECRET}>"})
    logger.info("object %r", {"key": SECRET})
    assert out.getvalue().count(MASK) == 5
    assert "word" not in out.getvalue().replace("password", "")


def test_a_traceback_is_masked(logged: tuple[logging.Logger, StringIO, RedactionFilter]) -> None:
    logger, out, _ = logged
    try:
        int(SECRET)
    except ValueError:
        logger.exception("failed")
    assert SECRET not in out.getvalue()
    assert "ValueError" in out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "X-Shopify-Access-Token: abcdef123",
        "{'x-shopify-access-token': 'abcdef123', 'Accept': 'x'}",
        "Authorization: Bearer abcdef123",
        "authorization=Basic abcdef123",
        "('Cookie', 'abcdef123')",
        "api_key=abcdef123&page=2",
        "token shpat_abcdef123 was used",
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str) -> None:
    masked = RedactionFilter().mask(text)
    assert "abcdef123" not in masked
    assert MASK in masked


def test_ordinary_text_is_left_alone() -> None:
    text = "order gid://shopify/Order/1 staged, 3 lines, authorisation succeeded, cookies: none of ours"
    assert (
        RedactionFilter().mask(text).startswith("order gid://shopify/Order/1 staged, 3 lines, authorisation succeeded")
    )


def test_without_the_filter_the_secret_would_show() -> None:
    assert SECRET in RedactionFilter().mask(f"plain {SECRET}")


def test_a_secret_inside_another_does_not_leave_the_rest() -> None:
    guard = RedactionFilter([SecretStr("abc"), SecretStr("abcdef")])
    assert guard.mask("abcdef abc") == f"{MASK} {MASK}"


def test_registering_twice_and_an_empty_secret_change_nothing() -> None:
    guard = RedactionFilter([SecretStr("abc"), SecretStr("abc"), SecretStr("")])
    assert guard.mask("x abc") == f"x {MASK}"
