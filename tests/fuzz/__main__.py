"""Run fuzz targets for so many seconds each; exit 1 with the input for the first defect.

Mutation of DER samples by default. `--coverage` hands the target to atheris, where it is installed,
which follows the branches taken. A target is found in every module of this folder with a function
`targets`.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
import traceback
from pathlib import Path
from random import Random

import tests.fuzz
from tests.fuzz.endpoints import close_server
from tests.fuzz.mutation import mutate
from tests.fuzz.target import Target

SECONDS = 60.0
KEPT = 2_000  # inputs that were accepted, or refused late, and serve as samples too


def all_targets() -> dict[str, Target]:
    found = {}
    for module in pkgutil.iter_modules(tests.fuzz.__path__):
        if not module.name.startswith("_"):
            loaded = importlib.import_module(f"tests.fuzz.{module.name}")
            found.update({one.name: one for one in loaded.targets()} if hasattr(loaded, "targets") else {})
    return found


def run(target: Target, seconds: float, seed: int) -> bytes | None:
    """The input that shows a defect, or None; prints what was done."""
    chance = Random(seed)  # noqa: S311  (repeatable, not secret)
    samples = list(target.samples)
    ended = time.monotonic() + seconds
    tried = accepted = 0
    for sample in samples:
        if _is_defect(target, sample):
            return sample
    while time.monotonic() < ended:
        for _ in range(100):
            data = mutate(chance.choice(samples), target.samples, chance)
            tried += 1
            try:
                target.run(data)
            except target.refusals:
                continue
            except Exception:  # noqa: BLE001  (the defect that is looked for)
                traceback.print_exc()
                return data
            accepted += 1
            if len(samples) < KEPT:
                samples.append(data)
    sys.stdout.write(
        f"{target.name}: {tried:,} inputs in {seconds:.0f} s, {accepted:,} accepted, no defect\n"
    )
    return None


def _is_defect(target: Target, data: bytes) -> bool:
    try:
        target.try_on(data)
    except Exception:  # noqa: BLE001  (the defect that is looked for)
        traceback.print_exc()
        return True
    return False


def run_coverage(name: str, seconds: float) -> int:
    """By atheris, in this process, which it ends itself."""
    import atheris  # noqa: PLC0415  (optional, and it patches the import system)

    with atheris.instrument_imports(include=["ca", "evidence", "keys"]):
        target = all_targets()[name]
    corpus = Path(".fuzz") / name
    corpus.mkdir(parents=True, exist_ok=True)
    for place, sample in enumerate(target.samples):
        (corpus / f"sample-{place}").write_bytes(sample)
    atheris.Setup([sys.argv[0], f"-max_total_time={int(seconds)}", str(corpus)], target.try_on)
    atheris.Fuzz()
    return 0


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--seed", type=int, default=int(time.monotonic()))
    parser.add_argument("--coverage", action="store_true")
    chosen = parser.parse_args(words)
    if chosen.coverage:
        if len(chosen.targets) != 1:
            parser.error("--coverage takes one target")
        return run_coverage(chosen.targets[0], chosen.seconds)
    known = all_targets()
    if unknown := sorted(set(chosen.targets) - set(known)):
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(known)}")
    try:
        for name in chosen.targets or known:
            defect = run(known[name], chosen.seconds, chosen.seed)
            if defect is not None:
                sys.stdout.write(f"{name}: defect (seed {chosen.seed}) on\n{defect.hex()}\n")
                return 1
    finally:
        close_server()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
