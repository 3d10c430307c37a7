"""What a restore or a move has replaced is kept for as long as backups are."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from clinic import retention
from clinic.backup import databases, replaced, targets
from clinic.backup.restoring import aside_folder
from clinic.backup.rotation import Keep

NOW = datetime(2026, 11, 27, 12, 30, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(settings, tmp_path):
    settings.BACKUP_KEEP = Keep(7, 4, 0)
    settings.DATA_DIR = tmp_path
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def test_the_moment_stands_in_the_name(tmp_path):
    for _ in range(2):
        aside = aside_folder()
        aside.mkdir()
        schema = aside.name.lower().replace("-", "_")
        assert replaced.moment_of(aside.name) == NOW
        assert replaced.moment_of(schema) == NOW


@pytest.mark.parametrize(
    "name",
    ["before-20261127", "before-20261327T123015Z", "before-20261127T123015Z-old", "x"],
)
def test_another_name_has_none(name):
    assert replaced.moment_of(name) is None


@pytest.mark.django_db
def test_folders_go_when_the_oldest_backups_do(noon, tmp_path):
    first = aside_folder()
    (first / "media").mkdir(parents=True)
    (first / "media" / "face.jpg").touch()
    (first / "portal.sqlite3").touch()
    own = tmp_path / "before-the-upgrade"
    own.mkdir()
    noon.shift(timedelta(hours=1))
    second = aside_folder()
    second.mkdir()

    noon.move_to(NOW + timedelta(days=28))
    assert retention.what_a_restore_replaced() == 0
    noon.shift(timedelta(seconds=1))
    assert retention.what_a_restore_replaced() == 1

    assert sorted(tmp_path.iterdir()) == sorted([own, second])


def test_schemas_go_when_the_oldest_backups_do(noon, postgresql, django_db_blocker):
    """With the key by which a table that stayed still refers to one that went."""
    old, new = "before_20261030t123014z", "before_20261030t123016z_2"
    others = {"before_all", "public"}
    with (
        django_db_blocker.unblock(),
        databases.stand_in(databases.at(postgresql)) as database,
    ):
        for schema in (old, new, "before_all"):
            targets.run(database, f"CREATE SCHEMA {schema}")
        targets.run(database, f"CREATE TABLE {old}.words (id int PRIMARY KEY)")
        targets.run(database, f"CREATE TABLE stays (word int REFERENCES {old}.words)")

        assert retention.what_a_restore_replaced() == 1

        found = targets.rows_of(database, "SELECT nspname FROM pg_namespace")
        names = {name for (name,) in found if name.startswith(("before", "public"))}
        assert names == {new, *others}
        targets.run(database, "INSERT INTO stays VALUES (1)")
