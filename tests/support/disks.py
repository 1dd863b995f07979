"""Disks that are full, and disks that take no write: real ones, mounted for one test, as root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FILLER = "filler"


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """`folder` as a disk of its own. Skips the test where mounting is not allowed."""
    folder.mkdir(exist_ok=True)
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a disk cannot be mounted here")
    try:
        yield folder
    finally:
        _run("umount", "--lazy", str(folder))


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Not one more block can be written to the disk of `folder`."""
    filler = folder / FILLER
    handle = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65_536, 4_096, 1):
            while True:
                try:
                    os.write(handle, bytes(size))
                except OSError:
                    break
        yield
    finally:
        os.close(handle)
        filler.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The disk of `folder`, mounted by `small_disk`, takes no write."""
    _run("mount", "-o", "remount,ro", str(folder))
    try:
        yield
    finally:
        _run("mount", "-o", "remount,rw", str(folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
