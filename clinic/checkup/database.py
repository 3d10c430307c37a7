"""Whether the database answers, is whole, and belongs to this version."""

from collections.abc import Iterator
from pathlib import Path

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from clinic import generation, integrity, sqlite
from clinic.checkup.frame import Finding, check, error, fine, warning

RESTORE = "Stop the portal and put the last backup back (manage.py restore)."
NOT_CHECKED = "What needs the database was not checked."


def missing_file() -> Path | None:
    """Return where a SQLite file should be and is not: to connect would make one."""
    path = integrity.path_of()
    return path if path and not (path.exists() and path.stat().st_size) else None


def silence() -> str:
    """Return why the database does not answer; nothing if it does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as problem:
        return (str(problem).strip() or type(problem).__name__).splitlines()[0]
    return ""


def answers() -> bool:
    """Say whether the database does."""
    return not missing_file() and not silence()


@check("Database")
def reachable() -> Iterator[Finding]:
    path = missing_file()
    if path:
        yield error(
            f"There is no database at {path}.",
            remedy="See whether its disk is mounted; restore a backup, or begin anew "
            f"with manage.py prepare --first. {NOT_CHECKED}",
        )
        return
    told = silence()
    if told:
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
            told = sqlite.complaints(cursor)
        except DatabaseError as problem:
            told = [str(problem)]
        lost = [] if told else cursor.execute("PRAGMA foreign_key_check")
        broken = sorted({row[0] for row in lost})
    if told:
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
    """The code may not be ahead of the database; the reverse is for a while only."""
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
        yield warning(
            f"The database is of a newer version than this code: {ahead[-1]}.",
            remedy="Run the newer version, or restore a backup from before it: what it "
            "has added to may not be saved, and no backup is verified.",
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
