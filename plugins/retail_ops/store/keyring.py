"""Keys of the vault: the ring that wraps, the keys that encrypt, the digest that stands for a value.

Erasing a person means losing one key: message keys are wrapped by the subject's key, which the ring wraps. AES-256-GCM
binds each ciphertext to the row that it belongs to, so ciphertexts cannot be swapped between rows.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from retail_ops.contracts.errors import ConfigurationError

_NONCE_BYTES = 12
_DIGEST_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keyring:
    """Wraps keys and makes digests.

    Attributes:
        ring: Newest key first; older ones still open what they wrapped.
        digest_key: At least 32 bytes; changing it changes every pseudonym.
    """

    ring: MultiFernet
    digest_key: bytes

    @classmethod
    def of(cls, ring_keys: Sequence[SecretStr], digest_key: SecretStr) -> Keyring:
        """Build from configuration.

        Raises:
            ConfigurationError: No key, a key that is no Fernet key, or a digest key shorter than 32 characters.
        """
        if not ring_keys:
            raise ConfigurationError("connection retail_ops_vault: password: no vault key")
        try:
            fernets = [Fernet(key.get_secret_value()) for key in ring_keys]
        except ValueError as error:
            raise ConfigurationError("connection retail_ops_vault: password: not a Fernet key") from error
        digest = digest_key.get_secret_value().encode()
        if len(digest) < _DIGEST_KEY_BYTES:
            raise ConfigurationError("connection retail_ops_vault: extra.digest_secret: shorter than 32 characters")
        return cls(ring=MultiFernet(fernets), digest_key=digest)

    def digest(self, *parts: str) -> str:
        """Return 32 hex digits that stand for `parts` in this store."""
        text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
        return hmac.new(self.digest_key, text, hashlib.sha256).hexdigest()[:32]

    def body_digest(self, account: str, kind: str, body: bytes) -> str:
        """Return 32 hex digits that stand for a message's bytes: the inbox's revision."""
        text = f"{account}\x1f{kind}\x1f".encode() + body
        return hmac.new(self.digest_key, text, hashlib.sha256).hexdigest()[:32]

    def wrap_by_ring(self, key: bytes) -> bytes:
        """Return `key`, wrapped by the newest key of the ring."""
        return self.ring.encrypt(key)

    def unwrap_by_ring(self, wrapped: bytes) -> bytes:
        """Return the key inside.

        Raises:
            ConfigurationError: No key of the ring opens it.
        """
        try:
            return self.ring.decrypt(bytes(wrapped))
        except InvalidToken as error:
            raise ConfigurationError("connection retail_ops_vault: no key of the ring opens this store") from error


def new_key() -> bytes:
    """Return a fresh 256-bit key."""
    return secrets.token_bytes(32)


def seal(plain: bytes, key: bytes, context: str) -> bytes:
    """Return nonce and ciphertext; opens only with the same key and context."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def unseal(sealed: bytes, key: bytes, context: str) -> bytes:
    """Return the plain bytes.

    Raises:
        ConfigurationError: Wrong key, or the row's bytes were changed or swapped.
    """
    raw = bytes(sealed)
    try:
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode())
    except InvalidTag as error:
        raise ConfigurationError(f"vault: {context} does not open: wrong key or changed bytes") from error
