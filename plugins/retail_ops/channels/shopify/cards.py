"""Finds card numbers in free text. Not applied to ids, phone numbers or SKUs: they may look alike by chance."""

from __future__ import annotations

import re

_RUN = re.compile(r"[0-9]+(?:[ \-.][0-9]+)*")
_DIGITS = re.compile(r"[0-9]+")
_SHORTEST, _LONGEST = 13, 19
# Cards of the big networks start with 2 to 6; 0, 1, 7, 8 and 9 are airlines, petrol and books (ISBN 978, 979).
_ISSUERS = frozenset("23456")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def holds_card_number(text: str) -> bool:
    """Return whether `text` holds 13 to 19 digits, bare or in groups, that pass the Luhn check.

    Source: ISO/IEC 7812-1 (issuer digits, check digit).
    """
    return any(_run_holds(_DIGITS.findall(run)) for run in _RUN.findall(text))


def _run_holds(groups: list[str]) -> bool:
    """Try every stretch of neighbouring groups: an expiry date may follow the number without a gap."""
    for start in range(len(groups)):
        digits = ""
        for group in groups[start:]:
            digits += group
            if len(digits) > _LONGEST:
                break
            if len(digits) >= _SHORTEST and digits[0] in _ISSUERS and _passes_luhn(digits):
                return True
    return False


def _passes_luhn(digits: str) -> bool:
    total = sum(_DOUBLED[int(digit)] if place % 2 else int(digit) for place, digit in enumerate(reversed(digits)))
    return total % 10 == 0
