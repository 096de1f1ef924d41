"""Failures of real sockets. What they mean for Shopify: `channels/shopify/test_client`."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.shopify.servers import Reply, ScriptedServer
from retail_ops.contracts.errors import AmbiguousError, ConfigurationError, RetailOpsError, TransientError
from retail_ops.transport.session import HttpSession


@pytest.fixture
def session() -> Iterator[HttpSession]:
    made = HttpSession(connect_s=1, read_s=0.3)
    yield made
    made.close()


@pytest.mark.parametrize("ending", ["reset", "cut", "silence"])
@pytest.mark.parametrize(("write", "expected"), [(False, TransientError), (True, AmbiguousError)])
def test_a_missing_answer_is_ambiguous_for_writes_only(
    session: HttpSession, ending: str, write: bool, expected: type[RetailOpsError]
) -> None:
    with ScriptedServer(Reply(b"x" * 100, ending=ending)) as server, pytest.raises(RetailOpsError) as caught:
        session.post(server.url, b"{}", headers={}, write=write)
    assert type(caught.value) is expected


def test_a_refused_connection_means_nothing_was_sent(session: HttpSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransientError, match="nothing was sent"):
        session.post(f"http://127.0.0.1:{port}/", b"{}", headers={}, write=True)


def test_an_unknown_name_means_nothing_was_sent(session: HttpSession) -> None:
    with pytest.raises(TransientError, match="nothing was sent"):
        session.post("http://nowhere.invalid/", b"{}", headers={}, write=True)


def test_an_older_failure_in_hand_does_not_whitewash_a_write(session: HttpSession) -> None:
    """Retrying inside an `except` chains the older error; the newer one alone decides."""
    with ScriptedServer(Reply(ending="reset")) as server:
        try:
            session.post("http://127.0.0.1:1/", b"{}", headers={}, write=True)
        except TransientError:
            with pytest.raises(AmbiguousError):
                session.post(server.url, b"{}", headers={}, write=True)


def test_redirects_are_handed_back(session: HttpSession) -> None:
    with ScriptedServer(Reply()) as elsewhere:
        with ScriptedServer(Reply(status=307, headers={"Location": elsewhere.url})) as server:
            answer = session.post(server.url, b"{}", headers={"X-Shopify-Access-Token": "t"}, write=False)
        assert answer.status_code == 307
        assert elsewhere.requests == []


def test_cookies_are_not_carried_from_call_to_call(session: HttpSession) -> None:
    with ScriptedServer(Reply(headers={"Set-Cookie": "a=b"}), Reply()) as server:
        session.post(server.url, b"{}", headers={}, write=False)
        session.post(server.url, b"{}", headers={}, write=False)
        assert "Cookie" not in server.requests[1][0]


def test_the_environments_proxy_is_not_used(session: HttpSession, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ScriptedServer(Reply()) as server:
        assert session.post(server.url, b"{}", headers={}, write=False).status_code == 200


def test_a_credential_that_no_header_may_carry_is_not_repeated(session: HttpSession) -> None:
    with ScriptedServer(Reply()) as server, pytest.raises(ConfigurationError) as caught:
        session.post(server.url, b"{}", headers={"X-Shopify-Access-Token": "se\ncret"}, write=False)
    assert "cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_certificate_of_no_known_authority_is_a_fault_of_the_setup(session: HttpSession, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        serving = threading.Thread(target=shake_hands, args=(listener, context))
        serving.start()
        try:
            with pytest.raises(ConfigurationError, match="certificate"):
                session.post(f"https://localhost:{port}/", b"{}", headers={}, write=True)
        finally:
            serving.join(5)


def shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    listener.settimeout(5)
    try:
        connection, _ = listener.accept()
        with connection:
            context.wrap_socket(connection, server_side=True).close()
    except OSError:
        # The client hangs up on the certificate: that is what the test is about.
        return


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(tz=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
