"""The demonstration's record: each step as it happens, its files, its checks and its time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.cells import cell_len, set_cell_size

from api import messages
from api.settings import Language
from evidence.clock import Clock, rfc3339
from evidence.digest import DigestPair

SUMMARY = "summary.json"
_NAME_WIDTH = 34


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked, and by whom: `xinqian`, or a program or library not ours."""

    what: str
    by: str
    ok: bool
    detail: str = ""


@dataclass(slots=True)
class Step:
    """A step that is under way."""

    key: str
    suite: str | None
    files: list[Path] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def check(self, what: str, by: str, *, ok: bool, detail: str = "") -> None:
        """Note a verdict."""
        self.checks.append(Check(what, by, ok, detail))


class Recorder:
    """Prints steps to people and keeps them for the summary."""

    def __init__(self, out: Path, clock: Clock, language: Language) -> None:
        self.out = out
        self._clock = clock
        self._language = language
        self._started = clock.monotonic()
        self._document: dict[str, Any] = {"started_at": rfc3339(clock.now()), "steps": []}
        self._digests: dict[str, dict[str, str]] = {}

    @contextmanager
    def step(self, key: str, suite: str | None = None) -> Iterator[Step]:
        """Time a step; what it raises passes on, after the step is written down as failed."""
        step = Step(key, suite)
        begun = self._clock.monotonic()
        title = messages.text(f"demo.step.{key}", self._language)
        _say(f"{'[' + suite + '] ' if suite else ''}{title}")
        try:
            yield step
        except BaseException as error:
            step.check("step", "xinqian", ok=False, detail=f"{type(error).__name__}: {error}")
            raise
        finally:
            self._close(step, self._clock.monotonic() - begun)

    def write(self, step: Step, name: str, data: bytes) -> Path:
        """Leave a file below the output folder."""
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        step.files.append(path)
        self._digests[name] = {**DigestPair.of(data).as_json(), "size": str(len(data))}
        return path

    @property
    def held(self) -> bool:
        """Every check so far."""
        return all(check["ok"] for step in self._document["steps"] for check in step["checks"])

    def finish(self, versions: dict[str, str]) -> bool:
        """Write the summary; whether every check held."""
        seconds = round(self._clock.monotonic() - self._started, 3)
        checks = [check for step in self._document["steps"] for check in step["checks"]]
        failed = sum(not check["ok"] for check in checks)
        self._document |= {
            "seconds": seconds,
            "versions": versions,
            "files": dict(sorted(self._digests.items())),
            "checks": len(checks),
            "failed": failed,
        }
        text = json.dumps(self._document, ensure_ascii=False, indent=2) + "\n"
        (self.out / SUMMARY).write_text(text, encoding="utf-8")
        key = "demo.held" if failed == 0 else "demo.failed"
        _say("")
        _say(
            messages.text(
                key, self._language, checks=len(checks), failed=failed, seconds=f"{seconds:.1f}", out=self.out
            )
        )
        return failed == 0

    def _close(self, step: Step, seconds: float) -> None:
        for path in step.files:
            _say(f"    {'→':2}{path}")
        for check in step.checks:
            said = f": {check.detail}" if check.detail else ""
            mark = "✓" if check.ok else "✗"
            what = messages.reason(check.what, self._language)
            _say(f"    {mark} {set_cell_size(what, max(_NAME_WIDTH, cell_len(what)))} {check.by}{said}")
        _say(f"    {seconds * 1000:.0f} ms")
        self._document["steps"].append(
            {
                "step": step.key,
                "suite": step.suite,
                "seconds": round(seconds, 4),
                "files": [str(path.relative_to(self.out)) for path in step.files],
                "checks": [
                    {"what": one.what, "by": one.by, "ok": one.ok, "detail": one.detail}
                    for one in step.checks
                ],
                **step.facts,
            }
        )


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
