"""A publisher that is killed at one boundary after another: run as a program, so that nothing else dies.

`python -m tests.support.dyingpublisher URL FOLDER STEP` publishes a growing log, each time in a process of
its own that kills itself at the next boundary, STEP further than the last; it prints each boundary, and the
checkpoint that could be seen after it, until a publisher lived to its end.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
from pathlib import Path

from api.engine import open_engine
from tests.support.boundaries import Boundaries
from tests.support.publishing import LOG, published_log

EVENTS = 300  # of each round: a full tile and a partial one


def attempt(url: str, folder: Path, point: int) -> None:
    """In this process: append, then publish to the boundary."""
    engine = open_engine(url)
    log = published_log(engine, folder)
    publisher = log.publisher()
    if point == 1:
        log.append(EVENTS)
    watched = Boundaries(point, _say)
    watched.watch()
    publisher.publish(LOG)
    watched.stop()
    engine.dispose()


def _say(boundary: str) -> None:
    os.write(1, f"{json.dumps(boundary)}\n".encode())


def main(url: str, folder: Path, step: int) -> int:
    """1 when a child failed otherwise than by its own hand."""
    point = 1
    while True:
        child = os.fork()
        if child == 0:
            attempt(url, folder, point)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        engine = open_engine(url)
        log = published_log(engine, folder)
        note = log.tiles.checkpoint(LOG)
        engine.dispose()
        shown = None if note is None else base64.b64encode(note).decode()
        sys.stdout.write(json.dumps({"checkpoint": shown}) + "\n")
        sys.stdout.flush()
        if status != -signal.SIGKILL:
            return 1 if status else 0
        point += step


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
