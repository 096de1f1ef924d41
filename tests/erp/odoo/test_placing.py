from __future__ import annotations
from erp.odoo.making import *
from erp.odoo.conftest import *

def test_smoke(standin, erp, fresh):
    m=Maker(); erp.check()
    n=fresh()
    o=m.order(n,(m.line(n+"a",1999,2,m.tax(VAT,666)),),shipping=(m.charge(n,495,m.tax(VAT,83),discount=495),))
    r=erp.place_orders([to_document(o)]); print(r)
    print(json.dumps(standin.orders("shopify_uk",o.external_id),indent=1))
    r=erp.confirm_orders([o]); print(r)
    r=erp.cancel_orders([o]); print(r)
    assert 0
