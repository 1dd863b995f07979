"""The migrations make what the program expects, on every database."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from api.db import METADATA
from api.engine import open_engine
from api.errors import SchemaBehind, StoreUnavailable
from api.schema import HEAD, LOCK_TIMEOUT_MS, configuration, migrate, require_head


def test_an_empty_database_becomes_the_metadata(engine: sa.Engine) -> None:
    assert migrate(engine) == (None, HEAD)
    require_head(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, list(METADATA)) == []  # type: ignore[arg-type]  # Alembic takes several


def test_doing_it_again_changes_nothing(engine: sa.Engine) -> None:
    migrate(engine)
    assert migrate(engine) == (HEAD, HEAD)


def test_the_program_knows_its_head(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert ScriptDirectory.from_config(configuration(connection)).get_current_head() == HEAD


def test_an_empty_database_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(SchemaBehind, match="nothing"):
        require_head(engine)


def test_another_versions_database_is_refused(engine: sa.Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaBehind, match="9999"):
        require_head(engine)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"this is a text, and no database at all" * 100)
    engine = open_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
    try:
        with pytest.raises(StoreUnavailable):
            require_head(engine)
        with pytest.raises(StoreUnavailable):
            migrate(engine)
    finally:
        engine.dispose()


def test_a_server_that_is_not_there_is_refused() -> None:
    engine = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(StoreUnavailable):
        require_head(engine)


def test_it_waits_for_a_lock_no_longer_than_it_says(engine: sa.Engine) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer, and its own waiting time")
    migrate(engine)
    with engine.connect() as other:
        other.exec_driver_sql("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            migrate(engine)
        assert time.monotonic() - began < 2 * LOCK_TIMEOUT_MS / 1000


def test_cases_that_were_there_before_are_found_by_contract_and_time(
    engine: sa.Engine, tmp_path: Path
) -> None:
    migrate(engine, "0003")
    moments = [1_700_000_000_000_000 + place for place in range(4)]
    told = ["contract/c-1", "contract/c-1", "system", "contract/c-2"]
    row = (
        "INSERT INTO evidence_events VALUES"
        " (:log, :place, :id, 1404, 'bank', :case, :seq, :at, :data, :data, :data, :data)"
    )
    with engine.begin() as connection:
        for place, (case, at) in enumerate(zip(told, moments, strict=True)):
            named = {"contract_id": case.removeprefix("contract/")} if case != "system" and place else {}
            data = json.dumps({"type": "ADMIN_ACTION", **named}).encode()
            values = {"log": "l", "place": place, "id": str(place), "case": case, "seq": place, "at": at}
            connection.execute(sa.text(row), {**values, "data": data})
        for case in sorted(set(told)):
            head = "INSERT INTO evidence_cases VALUES ('bank', :case, 1, :data, :data)"
            connection.execute(sa.text(head), {"case": case, "data": b""})
    migrate(engine)
    with engine.connect() as connection:
        query = "SELECT case_id, contract_id, opened_at, closed_seq FROM evidence_cases ORDER BY case_id"
        found = [tuple(one) for one in connection.execute(sa.text(query))]
    assert found == [
        ("contract/c-1", "c-1", moments[0], None),
        ("contract/c-2", "c-2", moments[3], None),
        ("system", None, moments[2], None),
    ]
