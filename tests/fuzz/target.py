"""A fuzz target: a parser, what it may raise, and samples to start from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """`run` takes any bytes; it returns, or raises one of `refusals`. Anything else is a defect."""

    name: str
    run: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...]
    samples: tuple[bytes, ...]
    modules: tuple[str, ...] = ()
    """Modules whose branches guide the fuzzer."""

    def try_on(self, data: bytes) -> None:
        """Raises whatever the target must not."""
        try:
            self.run(data)
        except self.refusals:
            return
