"""The Admin API's address: path, version and token of a call, and what a fault makes of its answer.

NOT here: sockets (`server`), GraphQL (`graphql_api`).
"""

import hmac
import json
import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from standins.shopify.config import API_VERSION
from standins.shopify.faults import Fault, FaultQueue
from standins.shopify.graphql_api import GraphqlApi

_PATH = re.compile(r"^/admin/api/(?P<version>[^/]+)/graphql\.json$")
_VERSION = re.compile(r"^\d{4}-(01|04|07|10)$")
_BAD_TOKEN = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
Ending = Literal["whole", "cut", "reset", "silence"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back on the wire.

    Attributes:
        ending: whole; cut in the middle; reset of the connection; or silence for `wait_s`, then the end.
        wait_s: Seconds to wait before the answer.
    """

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    ending: Ending = "whole"
    wait_s: float = 0.0


class Endpoint:
    """Answers calls under /admin/api."""

    def __init__(self, api: GraphqlApi, token: str, faults: FaultQueue) -> None:
        self._api = api
        self._token = token
        self._faults = faults

    def answer(self, method: str, path: str, token: str, body: bytes) -> Answer:
        """Answer one call.

        A version that Shopify no longer serves falls forward to the one served here; one that never was is 404.
        """
        match = _PATH.match(path)
        version = match["version"] if match else ""
        if not (_VERSION.match(version) and version <= API_VERSION):
            return _json(404, {"errors": "Not Found"})
        if method != "POST":
            return _json(405, {"errors": "Method Not Allowed"})
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return _json(401, _BAD_TOKEN)
        fault = self._faults.take()
        return self._spoiled(fault, body) if fault else self._served(body)

    def _served(self, body: bytes, *, throttle: bool = False, break_field: bool = False) -> Answer:
        result = self._api.answer(body, throttle=throttle, break_field=break_field)
        return _json(200, result, {"X-Shopify-API-Version": API_VERSION})

    def _spoiled(self, fault: Fault, body: bytes) -> Answer:
        early = _before_effect(fault)
        if early is not None:
            return early
        answer = self._served(body, throttle=fault.fault == "throttled", break_field=fault.fault == "partial_data")
        return _after_effect(fault, answer)


def _before_effect(fault: Fault) -> Answer | None:
    match fault.fault:
        case "http_429":
            text = {"errors": "Exceeded 2 calls per second for api client. Reduce request rates to resume."}
            return _json(429, text, {"Retry-After": f"{fault.seconds:.1f}"})
        case "http_500":
            return _json(500, {"errors": "Internal Server Error"})
        case "html_503":
            page = b"<!DOCTYPE html><html><body><h1>Service Unavailable</h1></body></html>"
            return Answer(503, page, "text/html; charset=utf-8")
        case "reset_before":
            return Answer(200, b"", ending="reset")
        case "expired_token":
            return _json(401, _BAD_TOKEN)
        case _:
            return None


def _after_effect(fault: Fault, answer: Answer) -> Answer:
    spoiled = {
        "time_out_after_effect": Answer(200, b"", ending="silence", wait_s=fault.seconds),
        "reset_after_effect": Answer(200, b"", ending="reset"),
        "cut_answer": replace(answer, ending="cut"),
        "malformed_json": replace(answer, body=answer.body[: len(answer.body) // 2]),
        "slow": replace(answer, wait_s=fault.seconds),
        "wrong_version": replace(answer, headers={"X-Shopify-API-Version": "2027-01"}),
    }
    return spoiled.get(fault.fault, answer)


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Answer:  # noqa: ANN401 -- any JSON
    return Answer(status, json.dumps(body, ensure_ascii=False).encode(), headers=headers or {})
