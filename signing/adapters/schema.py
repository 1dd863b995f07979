"""The MetaData that this package's tables are declared in; times are microseconds since 1970."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
