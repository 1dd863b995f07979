"""Adapters of the key ports: SQL store, software custody, PKCS#11 custody."""
