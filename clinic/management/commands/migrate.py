"""Django's ``migrate``, so that one that was killed can always be run again."""

from typing import Any

from django.core.management.commands import migrate
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration


class Executor(MigrationExecutor):
    """Applies each migration and notes that it has in one transaction.

    Django notes it in a second one if indexes are made at the end (5.2, executor.py):
    where that is not reached, the next run would make the same tables again and fail.
    """

    def apply_migration(
        self,
        state: Any,
        migration: Migration,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> Any:
        if fake or fake_initial:
            return super().apply_migration(state, migration, fake, fake_initial)
        self.tell("apply_start", migration)
        with self.connection.schema_editor(atomic=migration.atomic) as editor:
            state = migration.apply(state, editor)
            while editor.deferred_sql:
                editor.execute(editor.deferred_sql.pop(0))
            # django-stubs still know it with two names.
            self.record_migration(migration)  # type: ignore[arg-type, call-arg]
        self.tell("apply_success", migration)
        return state

    def tell(self, what: str, migration: Migration) -> None:
        if self.progress_callback:
            self.progress_callback(what, migration, False)


# The command takes it by this name.
setattr(migrate, "MigrationExecutor", Executor)  # noqa: B010
Command = migrate.Command
