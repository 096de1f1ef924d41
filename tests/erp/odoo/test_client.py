"""The client over real sockets: log-in, TLS rule, time-outs, what never reaches a log or an error."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from erp.odoo.running import KEY, StandIn
from retail_ops.contracts.errors import (
    AmbiguousError,
    AuthorisationError,
    ConfigurationError,
    RejectedError,
    TransientError,
)
from retail_ops.erp.odoo.client import CompanyCaller, OdooClient, search_read


def caller_of(standin: StandIn, **timeouts: float) -> CompanyCaller:
    return CompanyCaller(standin.client(**timeouts), company_id=1)


def test_a_plain_connection_is_only_for_this_machine(standin: StandIn) -> None:
    with pytest.raises(ConfigurationError, match="TLS"):
        OdooClient(standin.connection(host="erp.example.com"))
    OdooClient(standin.connection(host="erp.example.com", tls=True))


def test_a_refused_log_in_is_an_authorisation_error(standin: StandIn) -> None:
    client = OdooClient(standin.connection(key=SecretStr("wrong")))
    with pytest.raises(AuthorisationError, match="integration"):
        CompanyCaller(client).fetch("res.users", "read", [1], ["login"])


def test_a_missing_right_is_an_authorisation_error(standin: StandIn) -> None:
    with pytest.raises(AuthorisationError):
        search_read(caller_of(standin), "ir.model.data", [], ["name"])


def test_unknown_fields_and_models_are_configuration_errors(standin: StandIn) -> None:
    with pytest.raises(ConfigurationError, match="nope"):
        search_read(caller_of(standin), "sale.order", [], ["nope"])
    with pytest.raises(ConfigurationError, match=r"no\.such\.model"):
        search_read(caller_of(standin), "no.such.model", [], ["name"])


def test_a_business_rule_is_a_rejection(standin: StandIn) -> None:
    with pytest.raises(RejectedError) as caught:
        caller_of(standin).push("sale.order", "write", [999_999], {"origin": "x"})
    assert caught.value.code == "odoo_refused"


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_a_refused_connection_is_transient_for_writes_too(standin: StandIn, closed_port: int) -> None:
    caller = CompanyCaller(OdooClient(standin.connection(port=closed_port)))
    with pytest.raises(TransientError, match="nothing was sent"):
        caller.push("sale.order", "write", [1], {"origin": "x"})


def test_a_time_out_is_ambiguous_for_writes_and_transient_for_reads(standin: StandIn) -> None:
    caller = caller_of(standin, read_timeout_s=0.3, write_timeout_s=0.3)
    caller.fetch("res.company", "read", [1], ["name"])
    for method in ("read", "write"):
        standin.control("POST", "faults", {"fault": "slow", "model": "res.partner", "method": method, "seconds": 1.5})
    with pytest.raises(TransientError):
        caller.fetch("res.partner", "read", [1], ["name"])
    with pytest.raises(AmbiguousError):
        caller.push("res.partner", "write", [1], {"city": "London"})


@pytest.fixture
def untrusted_port(tmp_path: Path) -> Iterator[int]:
    """A TLS server whose certificate nobody signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(key.private_bytes(*form) + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = threading.Thread(target=_shake_hands, args=(listener, context))
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=15)


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        connection, _ = listener.accept()
        with connection, context.wrap_socket(connection, server_side=True):
            pass


def test_a_certificate_that_nobody_trusts_stops_the_lane(standin: StandIn, untrusted_port: int) -> None:
    caller = CompanyCaller(OdooClient(standin.connection(host="localhost", port=untrusted_port, tls=True)))
    with pytest.raises(ConfigurationError, match="certificate"):
        caller.push("res.partner", "write", [1], {"city": "London"})


def test_a_context_is_sent_with_every_call(standin: StandIn) -> None:
    caller = CompanyCaller(standin.client(), company_id=999)
    with pytest.raises((AuthorisationError, RejectedError)):
        search_read(caller, "sale.order", [], ["name"])


def test_threads_share_one_log_in(standin: StandIn) -> None:
    client = standin.client()
    start = threading.Barrier(4)

    def read(_: int) -> str:
        start.wait(timeout=30)
        return str(CompanyCaller(client).fetch("res.company", "read", [1], ["name"])[0]["name"])

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(read, range(4))) == {"Retail Demo Ltd"}


def test_the_key_is_in_no_log_even_at_debug(standin: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("odoorpc").setLevel(logging.DEBUG)
    caller_of(standin).fetch("res.company", "read", [1], ["name"])
    assert KEY not in caplog.text
    assert KEY not in repr(standin.connection())


def test_no_customer_of_a_refusal_reaches_the_error(standin: StandIn) -> None:
    with pytest.raises(RejectedError) as caught:
        caller_of(standin).push("sale.order", "create", {"partner_id": "ann lee <ann@example.com>"})
    error: BaseException | None = caught.value
    assert "ann" not in str(error)
    assert error is not None
    assert error.__cause__ is None


def test_a_value_that_cannot_travel_is_no_failed_call(standin: StandIn) -> None:
    with pytest.raises(TypeError):
        caller_of(standin).push("res.partner", "write", [1], {"city": object()})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="JSON"):
        caller_of(standin).push("res.partner", "write", [1], {"city": float("nan")})
