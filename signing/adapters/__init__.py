"""Contracts over databases, programs and networks."""
