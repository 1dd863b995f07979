"""Run the benchmarks that are named, or all: each module of this folder with a function `figures`."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Sequence

import bench
from bench.figure import Figure, table


def benchmarks() -> dict[str, Callable[[], Sequence[Figure]]]:
    """By module name; a module without `figures` is no benchmark."""
    found = {}
    for module in pkgutil.iter_modules(bench.__path__):
        if module.name.startswith("_"):
            continue
        loaded = importlib.import_module(f"bench.{module.name}")
        if hasattr(loaded, "figures"):
            found[module.name] = loaded.figures
    return found


def main(names: Sequence[str]) -> int:
    known = benchmarks()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    figures = [figure for name in names or known for figure in known[name]()]
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
