"""Whether the database answers, is whole, and belongs to this version."""

from collections.abc import Iterator
from pathlib import Path

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from clinic import generation
from clinic.checkup.frame import Finding, check, error, fine, warning

RESTORE = "Stop the portal and put the last backup back (manage.py restore)."
NOT_CHECKED = "What needs the database was not checked."


def missing_file() -> Path | None:
    """Return where a SQLite file should be and is not: to connect would make one."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or name.startswith(("file:", ":memory:")):
        return None
    path = Path(name)
    return None if path.exists() and path.stat().st_size else path


def answers() -> bool:
    """Say whether the database does."""
    if missing_file():
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


@check("Database")
def reachable() -> Iterator[Finding]:
    path = missing_file()
    if path:
        yield error(
            f"There is no database at {path}.",
            remedy="Restore a backup, or begin anew with manage.py migrate. "
            f"{NOT_CHECKED}",
        )
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as problem:
        told = str(problem).strip().splitlines()[0]
        yield error(
            f"The database does not answer: {told}.",
            remedy="Look at DATABASE_URL and DATA_DIR, and whether its server runs. "
            f"{NOT_CHECKED}",
        )
        return
    version = ".".join(map(str, connection.get_database_version()))
    yield fine(f"{connection.display_name} {version} answers.")


@check("Integrity of the database", needs_database=True)
def whole() -> Iterator[Finding]:
    """SQLite reads every page (3 s for 1 GB); PostgreSQL's pages have checksums."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        try:
            told = [row[0] for row in cursor.execute("PRAGMA integrity_check(5)")]
        except DatabaseError as problem:
            told = [str(problem)]
        lost = [] if told != ["ok"] else cursor.execute("PRAGMA foreign_key_check")
        broken = sorted({row[0] for row in lost})
    if told != ["ok"]:
        yield error(f"The database is damaged: {told[0]}.", remedy=RESTORE)
    elif broken:
        yield error(
            f"Rows refer to others that are gone, in {', '.join(broken)}.",
            remedy=RESTORE,
        )
    else:
        yield fine("Every page of the file is whole.")


@check("Migrations", needs_database=True)
def migrations() -> Iterator[Finding]:
    """Neither the database nor the code may be ahead of the other."""
    loader = (executor := MigrationExecutor(connection)).loader
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    waiting = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    known = loader.disk_migrations or {}
    replaced = {old for migration in known.values() for old in migration.replaces}
    apps = {app for app, _name in known}
    ahead = sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in apps and (app, name) not in {*known, *replaced}
    )
    if ahead:
        yield error(
            f"The database is of a newer version than this code: {ahead[-1]}.",
            remedy="Run the newer version, or restore a backup from before it.",
        )
    if waiting:
        yield error(
            f"{len(waiting)} migrations are pending, from {waiting[0]} on.",
            remedy="Run manage.py migrate.",
        )
    if not ahead and not waiting:
        yield fine("Database and code are of the same version.")


@check("Changes of what readers see", needs_database=True)
def triggers() -> Iterator[Finding]:
    lost = generation.missing()
    if lost:
        yield warning(
            f"{len(lost)} triggers are missing: no page is kept, all are made anew.",
            remedy="Run manage.py migrate.",
        )
    else:
        yield fine("The database tells of every change.")
