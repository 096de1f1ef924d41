"""Countries and their states with Odoo's external ids.

Country names come from CLDR; not here: states of countries other than the United States, Canada and Australia.
Source: Odoo 18, base: the external id is the lower-case code, except for the United Kingdom.
"""

from babel import Locale

# What CLDR lists besides ISO 3166: regions, unions, private and reserved codes.
_NOT_COUNTRIES = frozenset(("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"))
_OWN_XMLIDS = {"GB": "uk"}
_CODE_LENGTH = 2

_STATES = {
    "US": (
        "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|"
        "DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|"
        "KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|"
        "MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|"
        "NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|"
        "SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|"
        "WV West Virginia|WI Wisconsin|WY Wyoming|AS American Samoa|FM Federated States of Micronesia|GU Guam|"
        "MH Marshall Islands|MP Northern Mariana Islands|PW Palau|PR Puerto Rico|VI Virgin Islands|"
        "AA Armed Forces Americas|AE Armed Forces Europe|AP Armed Forces Pacific"
    ),
    "CA": (
        "AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|"
        "NT Northwest Territories|NS Nova Scotia|NU Nunavut|ON Ontario|PE Prince Edward Island|QC Quebec|"
        "SK Saskatchewan|YT Yukon"
    ),
    "AU": (
        "ACT Australian Capital Territory|NSW New South Wales|NT Northern Territory|QLD Queensland|"
        "SA South Australia|TAS Tasmania|VIC Victoria|WA Western Australia"
    ),
}


def countries() -> list[tuple[str, str, str]]:
    """List the countries.

    Returns:
        Code, name and the name of the external id in module ``base``, by name.
    """
    names = {str(code): str(name) for code, name in Locale("en").territories.items()}
    codes = [code for code in names if len(code) == _CODE_LENGTH and code.isalpha() and code not in _NOT_COUNTRIES]
    found = [(code, names[code], _OWN_XMLIDS.get(code, code.lower())) for code in codes]
    return sorted(found, key=lambda country: country[1])


def states(country_code: str) -> list[tuple[str, str]]:
    """List a country's states.

    Args:
        country_code: An ISO 3166 code.

    Returns:
        Code and name, empty where none are kept.
    """
    text = _STATES.get(country_code, "")
    pairs = (entry.partition(" ") for entry in text.split("|") if entry)
    return [(code, name) for code, _, name in pairs]
