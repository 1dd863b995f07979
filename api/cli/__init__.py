"""The command `xinqian`."""
