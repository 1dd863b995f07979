"""Fixtures every test may ask for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.database import BACKENDS, database_url, empty_engine


@pytest.fixture(params=BACKENDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    with empty_engine(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture(params=BACKENDS)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_url(request.param, tmp_path) as url:
        yield url


@pytest.fixture(autouse=True)
def logging_ends_with_the_test() -> Iterator[None]:
    """A command run in this process points the log at the test's own standard error, which then closes."""
    yield
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if type(one) is not logging.StreamHandler]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Octets made with fresh keys differ from process to process; their place in the list does not."""
    return argname if isinstance(val, bytes) else None
