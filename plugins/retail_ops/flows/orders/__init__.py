"""Orders: from a channel's message to a quotation in the ERP, and to its release, hold, cancellation or review.

stage    channel -> inbox -> revisions          (what came)
judge    revisions -> verdicts                  (may it go)
publish  outbox -> ERP, routing, ERP            (make it so)
"""
