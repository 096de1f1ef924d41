"""Ids of things that are named, not counted: the same seed and key give the same id after every start."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identities:
    """Derives numbers and global ids from the shop's seed."""

    seed: str

    def number(self, kind: str, key: str) -> int:
        """A stable 13-digit number."""
        digest = hashlib.sha256(f"{self.seed}\0{kind}\0{key}".encode()).digest()
        return 10**12 + int.from_bytes(digest[:8]) % (8 * 10**12)

    def gid(self, kind: str, key: str) -> str:
        """A stable global id."""
        return f"gid://shopify/{kind}/{self.number(kind, key)}"

    def order_number(self, sequence: int) -> int:
        """The numeric id of the n-th order; orders get larger ids in the order they come."""
        return self.number("Order", "first") + sequence * 32_768
