"""The tests. The package marker keeps this name ours: a dependency installs a `tests` of its own."""
