"""A small set of metrics in the Prometheus text format (exposition format 0.0.4)."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """Counters of one process, touched from its event loop only.

    Labels come from routes, methods and statuses that we know, so a stranger cannot make new ones.
    """

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._seconds: Counter[str] = Counter()

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request answered, by a method of `METHODS` or OTHER; `status` 0 when the client went away."""
        self._requests[method, route, status] += 1
        self._seconds[route] += seconds  # type: ignore[assignment]  # a Counter of floats

    def text(self, gauges: dict[str, float]) -> str:
        """Everything, with gauges read just now."""
        lines = ["# TYPE xinqian_requests_total counter"]
        for (method, route, status), number in sorted(self._requests.items()):
            labels = f'method="{method}",route="{route}",status="{status}"'
            lines.append(f"xinqian_requests_total{{{labels}}} {number}")
        lines.append("# TYPE xinqian_request_seconds_total counter")
        for route, seconds in sorted(self._seconds.items()):
            lines.append(f'xinqian_request_seconds_total{{route="{route}"}} {seconds:.6f}')
        failed = sum(number for (_, _, status), number in self._requests.items() if status >= _SERVER_ERROR)
        lines += ["# TYPE xinqian_failed_total counter", f"xinqian_failed_total {failed}"]
        for name, value in sorted(gauges.items()):
            lines += [f"# TYPE {name} gauge", f"{name} {value}"]
        return "\n".join(lines) + "\n"


_SERVER_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR.value
