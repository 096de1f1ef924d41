"""How bytes travel: HTTP sessions, host rules, waiting for rate limits, redaction of logs. No vendor knowledge here."""
