"""The ERP side of the ports. One folder a vendor; nothing here knows a channel."""
