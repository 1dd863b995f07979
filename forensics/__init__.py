"""Forensics: what the evidence store tells a stranger - packages, proofs and reports on a case."""
