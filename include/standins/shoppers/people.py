"""Invented people and addresses. Names are made of syllables, phones come from the ranges kept for fiction.

NOT here: what they buy.
"""

import random
from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]
_FIRST = ("Ar", "Bel", "Cor", "Del", "El", "Fen", "Gil", "Hal", "Is", "Jor", "Kel", "Lin", "Mar", "Nor", "Or", "Per")
_SECOND = ("a", "da", "din", "fa", "go", "la", "len", "mo", "na", "ra", "rik", "sa", "ta", "vin", "wen", "zo")
_LAST = ("Ash", "Birch", "Clay", "Dove", "Elder", "Fern", "Grove", "Heath", "Ivy", "Jade", "Kestrel", "Larch")
_LAST_END = ("acre", "bourne", "combe", "field", "ford", "ham", "leigh", "mere", "stead", "ton", "well", "wick")
_STREETS = ("Sample Street", "Example Road", "Model Lane", "Specimen Way", "Pattern Square")


@dataclass(frozen=True, slots=True)
class Place:
    """A town: country, names, post code form (# is a digit) and the titles and rates of its sales taxes."""

    country_code: str
    country: str
    city: str
    zip_form: str
    province: str | None = None
    province_code: str | None = None
    phone_form: str = "+44 7700 900###"
    sales_taxes: tuple[tuple[str, str], ...] = ()


LONDON = Place("GB", "United Kingdom", "London", "E1# #ZZ", "England", "ENG")
LEEDS = Place("GB", "United Kingdom", "Leeds", "LS# #ZZ", "England", "ENG")
BERLIN = Place("DE", "Germany", "Berlin", "10###")
PARIS = Place("FR", "France", "Paris", "750##")
DUBLIN = Place("IE", "Ireland", "Dublin", "D0# X#0#", "Dublin", "D")
TOKYO = Place("JP", "Japan", "Chiyoda", "100-00##", "Tokyo", "JP-13")
NEW_YORK = Place(
    "US", "United States", "New York", "100##", "New York", "NY", "+1 212 555 01##",
    (("New York State Tax", "0.04"), ("New York City Tax", "0.045")),
)  # fmt: skip
DENVER = Place(
    "US", "United States", "Denver", "802##", "Colorado", "CO", "+1 303 555 01##",
    (("Colorado State Tax", "0.029"), ("Denver City Tax", "0.0515")),
)  # fmt: skip
HOME = {"GBP": (LONDON, LEEDS), "USD": (NEW_YORK, DENVER)}
ABROAD = {"EUR": (BERLIN, PARIS, DUBLIN), "JPY": (TOKYO,), "GBP": (LONDON, LEEDS), "USD": (NEW_YORK, DENVER)}


def _digits(chance: random.Random, form: str) -> str:
    return "".join(str(chance.randint(0, 9)) if char == "#" else char for char in form)


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person."""

    key: str
    first_name: str
    last_name: str
    email: str

    def customer(self) -> JsonObject:
        """As a customer of the shop."""
        return {
            "key": self.key,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "email": self.email,
        }

    def address(self, chance: random.Random, place: Place, company: str | None = None) -> JsonObject:
        """An address of this person in a town."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "company": company,
            "address1": f"{chance.randint(1, 199)} {chance.choice(_STREETS)}",
            "city": place.city,
            "zip_code": _digits(chance, place.zip_form),
            "province": place.province,
            "province_code": place.province_code,
            "country": place.country,
            "country_code": place.country_code,
            "phone": _digits(chance, place.phone_form),
        }


def invent_person(chance: random.Random, number: int) -> Person:
    """A person; the number keeps keys and e-mails apart."""
    first = chance.choice(_FIRST) + chance.choice(_SECOND)
    last = chance.choice(_LAST) + chance.choice(_LAST_END)
    domain = chance.choice(("example.com", "example.net", "example.org"))
    return Person(f"person-{number}", first, last, f"{first}.{last}.{number}@{domain}".lower())


def invent_person_from(digest: bytes) -> tuple[str, str]:
    """A first and a last name that depend on a digest only."""
    first = _FIRST[digest[0] % len(_FIRST)] + _SECOND[digest[1] % len(_SECOND)]
    return first, _LAST[digest[2] % len(_LAST)] + _LAST_END[digest[3] % len(_LAST_END)]
