"""PAdES signatures (ETSI EN 319 142-1) in both suites, from B-B to B-LTA."""
