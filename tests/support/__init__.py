"""What the tests share: a real PostgreSQL, the stand-ins as processes, and a small world made of both."""
