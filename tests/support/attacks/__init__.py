"""A generator of attacks on signed contracts: each variant has a name and the class a validator must name."""
