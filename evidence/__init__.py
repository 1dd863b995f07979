"""Evidence (存证): the append-only log that everyone records into. It imports none of our packages."""
