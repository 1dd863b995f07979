"""The authority's tables: one `MetaData`, which the modules beside this one bind their tables to."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
