"""Forensics (取证/出证): evidence packages, their offline verification, preservation and reports."""
