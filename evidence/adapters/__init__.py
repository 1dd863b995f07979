"""Adapters of the evidence ports: SQL tables, the host's clock, the watermark file."""
