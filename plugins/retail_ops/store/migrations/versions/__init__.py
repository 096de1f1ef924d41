"""One module a schema version; each runs its SQL file."""
