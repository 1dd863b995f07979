"""Judging any signed PDF (ETSI EN 319 102-1): verdicts, changes after signing, attacks."""
