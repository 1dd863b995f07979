"""The outermost layer: settings, database sessions, wiring, migrations, HTTP, CLI, worker."""
