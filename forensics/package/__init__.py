"""The evidence package: an ASiC-E container (ETSI EN 319 162-1) that a stranger can check offline."""
