"""Who bought and where it goes: customer, company, addresses, terms.

NOT here: the order's other fields (`order_view`).
"""

from standins.shopify.identity import Identities
from standins.shopify.money_view import Tree
from standins.shopify.order_state import OrderState
from standins.shopify.purchase import Address, Company, Customer, Terms


def people_fields(state: OrderState, ids: Identities) -> Tree:
    """Buyer, addresses, purchasing entity, terms and retail location of an order."""
    purchase = state.purchase
    customer = customer_view(purchase.customer, ids) if purchase.customer else None
    company = company_view(purchase.company, ids) if purchase.company else customer
    email = purchase.email or (purchase.customer.email if purchase.customer else None)
    return {
        "customer": customer,
        "email": email,
        "phone": purchase.phone,
        "billingAddress": address_view(purchase.billing_address, state.number * 2),
        "shippingAddress": address_view(purchase.shipping_address, state.number * 2 + 1),
        "purchasingEntity": company,
        "retailLocation": (
            {"id": ids.gid("Location", purchase.retail_location), "name": purchase.retail_location}
            if purchase.retail_location
            else None
        ),
        "paymentTerms": _terms(state.number, purchase.terms) if purchase.terms else None,
    }


def _terms(number: int, terms: Terms) -> Tree:
    return {
        "id": f"gid://shopify/PaymentTerms/{number}",
        "paymentTermsName": terms.name,
        "paymentTermsType": terms.kind,
        "dueInDays": terms.due_in_days,
        "overdue": False,
    }


def customer_view(customer: Customer, ids: Identities) -> Tree:
    """The `Customer` of an order; also the purchasing entity of one without a company."""
    number = ids.number("Customer", customer.key)
    name = " ".join(part for part in (customer.first_name, customer.last_name) if part)
    return {
        "__typename": "Customer",
        "id": f"gid://shopify/Customer/{number}",
        "legacyResourceId": str(number),
        "displayName": name or customer.email or str(number),
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "locale": customer.locale,
        "taxExempt": customer.tax_exempt,
        "defaultEmailAddress": {"emailAddress": customer.email} if customer.email else None,
        "defaultPhoneNumber": {"phoneNumber": customer.phone} if customer.phone else None,
    }


def company_view(company: Company, ids: Identities) -> Tree:
    """The `PurchasingCompany` of a B2B order."""
    return {
        "__typename": "PurchasingCompany",
        "company": {
            "id": ids.gid("Company", company.key),
            "name": company.name,
            "externalId": company.external_id,
        },
        "contact": {"id": ids.gid("CompanyContact", company.key)},
        "location": {
            "id": ids.gid("CompanyLocation", company.location_key),
            "name": company.location_name,
            "externalId": company.location_external_id,
        },
    }


def address_view(address: Address | None, number: int) -> Tree | None:
    """A `MailingAddress`, or null."""
    if address is None:
        return None
    name = " ".join(part for part in (address.first_name, address.last_name) if part)
    return {
        "id": f"gid://shopify/MailingAddress/{number}?model_name=Address",
        "firstName": address.first_name,
        "lastName": address.last_name,
        "name": name or None,
        "company": address.company,
        "address1": address.address1,
        "address2": address.address2,
        "city": address.city,
        "zip": address.zip_code,
        "province": address.province,
        "provinceCode": address.province_code,
        "country": address.country,
        "countryCodeV2": address.country_code,
        "phone": address.phone,
    }
