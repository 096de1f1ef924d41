"""The use cases, one package a flow. They know contracts, governance and ports; nothing that touches the outside."""
