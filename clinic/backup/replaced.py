"""What a restore or a move has replaced: kept beside the portal, but not for ever.

Deleted rows and pictures stand in it as they do in backups, so it goes when they do.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection

from clinic.backup.targets import rows_of, run

# Of a folder in DATA_DIR, and of a schema of PostgreSQL.
NAME = re.compile(r"before[-_](\d{8}[Tt]\d{6})[Zz](?:[-_]\d+)?")


def moment_of(name: str) -> datetime | None:
    """Return when what bears that name was replaced (UTC); None if it is none."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    try:
        moment = datetime.strptime(match[1].upper(), "%Y%m%dT%H%M%S")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC)


def forget(until: datetime) -> int:
    """Delete what was replaced before that moment; return how many folders and schemas.

    A restore writes into one that was named a moment ago only.
    """
    folders = list(before(until, (p.name for p in settings.DATA_DIR.glob("before-*"))))
    for name in folders:
        shutil.rmtree(settings.DATA_DIR / name)
    schemas = list(before(until, schemas_there()))
    for name in schemas:
        # What did not change places with it may still point there: only that goes too.
        run(connection, f"DROP SCHEMA {connection.ops.quote_name(name)} CASCADE")
    return len(folders) + len(schemas)


def before(until: datetime, names: Iterator[str]) -> Iterator[str]:
    """Yield the names of what was replaced before that moment."""
    for name in names:
        moment = moment_of(name)
        if moment is not None and moment < until:
            yield name


def schemas_there() -> Iterator[str]:
    """Yield the names of the schemas that may be ours; none where there are none."""
    if connection.vendor == "postgresql":
        sql = r"SELECT nspname FROM pg_namespace WHERE nspname LIKE 'before\_%%'"
        yield from (name for (name,) in rows_of(connection, sql, []))
