"""Contracts: templates, parties, intent, seals, signatures on PDFs, and the judging of any signed PDF."""
