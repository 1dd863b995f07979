"""Evidence records (RFC 4998): made in batches, renewed before algorithms and certificates age, judged."""
