"""PDF (ISO 32000) as far as signing needs it: reading what is there, appending revisions."""
