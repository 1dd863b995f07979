"""Fuzzing of everything that parses strangers' bytes: `python -m tests.fuzz --seconds N [TARGET…]`."""
