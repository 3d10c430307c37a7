"""Whether this process may be sent visitors; asked often, so it has to be cheap.

Not asked is whether anything can be written: a portal that can only be read still
serves its readers, and who takes it away from them helps nobody. ``doctor`` tells.
"""

from functools import cache

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from clinic.database import applied_migrations

# What every page loads.
SHEET = "css/portal.css"


def lacks() -> str:
    """Return in a word what is missing: database, migrations, static; or nothing."""
    try:
        if not applied_migrations(connection) >= of_release():
            return "migrations"
    except DatabaseError:
        return "database"
    return "" if are_static_files_there() else "static"


@cache
def of_release() -> frozenset[tuple[str, str]]:
    """Return the last migration of each app of this release."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def are_static_files_there() -> bool:
    """Say whether ``collectstatic`` has run for the release of this process."""
    try:
        name = staticfiles_storage.url(SHEET).removeprefix(settings.STATIC_URL)
    except ValueError:  # not in the manifest
        return False
    return staticfiles_storage.exists(name)
