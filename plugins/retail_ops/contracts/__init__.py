"""What data IS: frozen, versioned values that every room of the house speaks. No input or output here."""
