"""Adapters of the authority's ports: SQL stores, the revocation journal's file, time sources, pkilint."""
