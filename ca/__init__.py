"""Certificate authority and timestamp authority, in both suites. It knows nothing of PDFs or contracts."""
