"""Keys: algorithm suites, custody, life cycle and CMS SignedData. It knows nothing of certificates."""
