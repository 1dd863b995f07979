"""Refuse a database that is older than the record outside it: a restored backup would fork the log."""

from __future__ import annotations

from evidence.errors import LogBehind
from evidence.ports import EventStore, Watermark


def check_not_behind(store: EventStore, watermark: Watermark) -> None:
    """Raises `LogBehind` for the first log that falls short of the watermark, or differs from it."""
    for log, head in sorted(watermark.newest().items()):
        if head.size == 0:
            continue
        stored = store.heads().get(log)
        size = stored.size if stored else 0
        if size < head.size:
            raise LogBehind(log, stored=size, recorded=head.size, differs=False)
        (event,) = store.read(log, head.size - 1, head.size)
        if event.leaf_hash.sha256 != head.last_leaf:
            raise LogBehind(log, stored=size, recorded=head.size, differs=True)
