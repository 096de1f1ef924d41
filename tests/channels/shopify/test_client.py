"""Every way a call can go wrong, on real sockets, becomes the class that says what to do next."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
import shopify
from pydantic import SecretStr

from channels.shopify.conftest import TOKEN, config_of
from channels.shopify.servers import MemoryLimiter, Reply, ScriptedServer, answer, error
from retail_ops.channels.shopify.client import ShopifyClient
from retail_ops.channels.shopify.config import ShopifyConfig
from retail_ops.channels.shopify.documents import Document
from retail_ops.contracts.errors import (
    AmbiguousError,
    AuthorisationError,
    ConfigurationError,
    DataError,
    RejectedError,
    RetailOpsError,
    ThrottledError,
    TransientError,
)
from retail_ops.transport.session import HttpSession

QUERY = Document(name="Q", text="query Q { shop { id } }", cost=10, write=False)
WRITE = Document(name="W", text="mutation W { tagsAdd { userErrors { message } } }", cost=10, write=True)
DATA = {"shop": {"id": "1"}}


def run(
    *replies: Reply, document: Document = QUERY, limiter: MemoryLimiter | None = None, **changes: Any
) -> tuple[Any, ScriptedServer]:
    limiter = limiter or MemoryLimiter()
    with ScriptedServer(*replies) as server:
        session = HttpSession(connect_s=2, read_s=0.5)
        client = ShopifyClient(config_of(server.port, **changes), limiter, session=session, sleep=limiter.sleep)
        try:
            return client.run(document, {}), server
        finally:
            client.close()


def test_a_call_carries_token_and_document_and_returns_data() -> None:
    data, server = run(answer(DATA))
    headers, body = server.requests[0]
    assert data == DATA
    assert headers["X-Shopify-Access-Token"] == TOKEN
    assert json.loads(body) == {"query": QUERY.text, "variables": {}, "operationName": "Q"}


def test_fractions_stay_the_text_they_came_as() -> None:
    reply = Reply(b'{"data": {"rate": 0.1000000000000000055, "n": 3}}')
    assert run(reply)[0] == {"rate": "0.1000000000000000055", "n": 3}


CASES: list[tuple[str, Reply, type[RetailOpsError], type[RetailOpsError]]] = [
    ("reset", Reply(ending="reset"), TransientError, AmbiguousError),
    ("cut answer", Reply(b"x" * 1000, ending="cut"), TransientError, AmbiguousError),
    ("silence", Reply(ending="silence"), TransientError, AmbiguousError),
    ("500", Reply(status=500), TransientError, AmbiguousError),
    ("503 html", Reply(b"<html>busy</html>", status=503), TransientError, AmbiguousError),
    ("200 html", Reply(b"<html>hello</html>"), TransientError, AmbiguousError),
    ("half a json", Reply(b'{"data": {'), TransientError, AmbiguousError),
    ("nan", Reply(b'{"data": {"a": NaN}}'), TransientError, AmbiguousError),
    ("deep json", Reply(b"[" * 100_000), TransientError, AmbiguousError),
    ("a list", Reply(b"[]"), TransientError, AmbiguousError),
    ("neither data nor errors", Reply(b"{}"), TransientError, AmbiguousError),
    ("server error inside 200", error("INTERNAL_SERVER_ERROR"), TransientError, AmbiguousError),
    ("time-out inside 200", error("TIMEOUT", data=DATA), TransientError, AmbiguousError),
    ("401", Reply(status=401), AuthorisationError, AuthorisationError),
    ("403", Reply(status=403), AuthorisationError, AuthorisationError),
    ("404", Reply(status=404), ConfigurationError, ConfigurationError),
    (
        "redirect",
        Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}),
        ConfigurationError,
        ConfigurationError,
    ),
    ("bad document", error("undefinedField"), ConfigurationError, ConfigurationError),
    ("too dear", error("MAX_COST_EXCEEDED"), ConfigurationError, ConfigurationError),
    ("another error", error("BAD_REQUEST"), DataError, DataError),
    ("errors as text", answer(DATA, errors="oops"), DataError, DataError),
]


@pytest.mark.parametrize(("name", "reply", "read", "write"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("document", [QUERY, WRITE], ids=["query", "mutation"])
def test_each_fault_has_its_consequence(
    name: str, reply: Reply, read: type[RetailOpsError], write: type[RetailOpsError], document: Document
) -> None:
    with pytest.raises(RetailOpsError) as caught:
        run(reply, document=document)
    assert type(caught.value) is (write if document.write else read)
    assert TOKEN not in str(caught.value)
    assert "zoe.quill" not in str(caught.value)


def test_a_redirect_does_not_carry_the_token_away() -> None:
    with ScriptedServer(answer(DATA)) as elsewhere:
        with pytest.raises(ConfigurationError, match="302"):
            run(Reply(status=302, headers={"Location": elsewhere.url}))
        assert elsewhere.requests == []


@pytest.mark.parametrize("document", [QUERY, WRITE], ids=["query", "mutation"])
def test_no_connection_means_nothing_was_sent(document: Document) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    limiter = MemoryLimiter()
    client = ShopifyClient(config_of(port), limiter, sleep=limiter.sleep)
    with pytest.raises(TransientError):
        client.run(document, {})


def test_another_version_than_asked_names_both() -> None:
    with pytest.raises(ConfigurationError, match=r"2026-10.*2027-01"):
        run(Reply(b'{"data": {}}', headers={"X-Shopify-API-Version": "2027-01"}))


def test_denied_data_names_the_field_and_partial_data_is_not_used() -> None:
    data = {"orders": {"nodes": [{"email": None}]}}
    with pytest.raises(ConfigurationError, match=r"orders\.nodes\[0\]\.email"):
        run(error("ACCESS_DENIED", data=data, path=["orders", "nodes", 0, "email"]))


def test_a_user_error_is_a_rejection_with_its_field() -> None:
    errors = [{"field": ["input", "note"], "message": "zoe.quill@example.org", "code": "TOO_LONG"}]
    with pytest.raises(RejectedError) as caught:
        run(answer({"orderUpdate": {"userErrors": errors}}), document=WRITE)
    assert (caught.value.code, caught.value.field) == ("too_long", "input.note")
    assert "zoe.quill" not in str(caught.value)


def test_an_ignored_search_term_is_no_answer() -> None:
    warned = {"search": [{"path": ["orders"], "warnings": [{"field": "updatedat", "code": "invalid_field"}]}]}
    with pytest.raises(ConfigurationError, match="ignored"):
        run(answer(DATA, extensions=warned))


def test_throttled_is_waited_out_for_as_long_as_the_server_says() -> None:
    limiter = MemoryLimiter()
    empty = error("THROTTLED", requested=500, actual=None, left=100)
    data, server = run(empty, answer(DATA, requested=500, actual=20, left=1980), limiter=limiter)
    assert data == DATA
    assert len(server.requests) == 2
    assert sum(limiter.slept) == pytest.approx(4.0, abs=0.2)


def test_429_waits_for_retry_after() -> None:
    limiter = MemoryLimiter()
    data, _ = run(Reply(status=429, headers={"Retry-After": "3.0"}), answer(DATA), limiter=limiter)
    assert data == DATA
    assert limiter.slept == [3.0]


@pytest.mark.parametrize(
    "reply",
    [error("THROTTLED", requested=500, actual=None, left=100), Reply(status=429, headers={"Retry-After": "4"})],
    ids=["200", "429"],
)
def test_throttled_past_the_deadline_says_when_to_come_back(reply: Reply) -> None:
    with pytest.raises(ThrottledError) as caught:
        run(reply, reply, reply, deadline_s=5)
    assert caught.value.retry_after_s >= 4.0


def test_no_call_is_sent_while_the_shared_bucket_is_empty() -> None:
    limiter = MemoryLimiter(capacity=100)
    limiter.level = 0
    with ScriptedServer() as server:
        client = ShopifyClient(config_of(server.port, deadline_s=0.05), limiter, sleep=limiter.sleep)
        with pytest.raises(ThrottledError):
            client.run(QUERY, {})
        assert server.requests == []


def test_what_was_reserved_and_not_spent_is_given_back() -> None:
    limiter = MemoryLimiter()
    run(answer(DATA, requested=10, actual=3, left=1997), limiter=limiter)
    assert limiter.level == pytest.approx(1997)


def test_the_server_level_is_adopted_when_it_is_lower() -> None:
    limiter = MemoryLimiter()
    run(answer(DATA, left=40), limiter=limiter)
    assert limiter.level == 40


def test_the_second_call_reserves_what_the_server_asked_the_first_time() -> None:
    limiter = MemoryLimiter()
    with ScriptedServer(answer(DATA, requested=33, actual=33), answer(DATA, requested=33, actual=33)) as server:
        client = ShopifyClient(config_of(server.port), limiter, sleep=limiter.sleep)
        client.run(QUERY, {})
        client.run(QUERY, {})
        client.close()
    assert [cost for cost in limiter.taken if cost > 0] == [10, 33]


def test_an_active_session_of_the_library_changes_nothing() -> None:
    with ScriptedServer(answer(DATA)) as server:
        shopify.ShopifyResource.activate_session(shopify.Session("other.myshopify.com", "2026-10", "other-token"))
        try:
            client = ShopifyClient(config_of(server.port), MemoryLimiter())
            client.run(QUERY, {})
            client.close()
        finally:
            shopify.ShopifyResource.clear_session()
        assert server.requests[0][0]["X-Shopify-Access-Token"] == TOKEN


def test_the_librarys_own_call_is_closed() -> None:
    with pytest.raises(ConfigurationError):
        ShopifyClient(config_of(1), MemoryLimiter()).execute("{ shop { id } }")


def test_the_token_is_not_shown() -> None:
    client = ShopifyClient(config_of(1), MemoryLimiter())
    assert TOKEN not in repr(client) + repr(config_of(1))


def test_nothing_is_printed_when_the_server_refuses(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AuthorisationError):
        run(Reply(b'{"errors": "secret body"}', status=401))
    assert capfd.readouterr() == ("", "")


def test_connections_are_kept_alive() -> None:
    with ScriptedServer(respond=lambda _: answer(DATA)) as server:
        client = ShopifyClient(config_of(server.port), MemoryLimiter())
        accepted = _count_connections(server)
        for _ in range(5):
            client.run(QUERY, {})
        client.close()
    assert accepted() == 1


def _count_connections(server: ScriptedServer) -> Callable[[], int]:
    inner = server._server
    count = 0
    verify = inner.verify_request

    def counting(request: Any, address: Any) -> bool:
        nonlocal count
        count += 1
        return verify(request, address)

    inner.verify_request = counting  # type: ignore[method-assign]
    return lambda: count


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"api_version": "2026-13"}, "2026-13"),
        ({"api_version": "latest"}, "latest"),
        ({"host": "evil.example.com"}, "evil.example.com"),
        ({"host": "shop.myshopify.com.evil.example"}, "evil.example"),
        ({"host": "shop.myshopify.com"}, "TLS"),
        ({"page_size": 201}, "201"),
        ({"token": SecretStr(" ")}, "token"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused_at_once(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        config_of(1, **changes)


def test_the_endpoint_of_a_real_shop() -> None:
    config = config_of(1, host="shop.myshopify.com", port=None, tls=True, environment="production")
    assert isinstance(config, ShopifyConfig)
    assert config.endpoint == "https://shop.myshopify.com/admin/api/2026-10/graphql.json"
