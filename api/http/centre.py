"""What a route works with: the wired application, and a view of the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request

from api.db import Unit
from api.wiring import Centre


def centre_of(request: Request) -> Centre:
    """The application that this server was started with."""
    found: Centre = request.app.state.centre
    return found


Wired = Annotated[Centre, Depends(centre_of)]


def _view(centre: Wired) -> Iterator[Unit]:
    with centre.database.reading() as unit:
        yield unit


# With the scope "function" the block ends before the answer is sent; by default it would end after.
View = Annotated[Unit, Depends(_view, scope="function")]
"""One consistent view, for routes that only read."""
