"""Moving into another database: both sides are the same then, or nothing moves."""

from io import StringIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from articles.models import Article, Topic
from articles.search.finding import find
from clinic import generation
from clinic.backup import BackupError, databases, moving, targets
from clinic.models import Practice
from tests import factories
from tests.clinic.backup.conftest import Site, contents

pytestmark = pytest.mark.usefixtures("site")


def move(url):
    said = StringIO()
    call_command("move_database", to=url, stdout=said)
    return said.getvalue()


def schemas():
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg|inf)'")
        return sorted(name for (name,) in cursor.fetchall())


def pages():
    return {path: moving.page(path) for path in moving.addresses()}


@pytest.mark.usefixtures("quick")
def test_r18_from_sqlite_to_postgresql_and_back(
    site, postgresql, settings, tmp_path, capsys
):
    """Every row is the same, and so is every page; what was there is kept."""
    rows_before, pages_before = contents(), pages()
    config = databases.at(postgresql)

    said = move(postgresql)

    with databases.stand_in(config):
        assert contents() == rows_before
        assert pages() == pages_before
        assert {status for status, _content in pages_before.values()} == {200}
        assert generation.missing() == []
        assert find("kept", "en").hits(1) != []
        assert factories.TopicFactory(slug="next").pk == 3  # not that of a deleted one
        Topic.objects.filter(slug="next").delete()
        assert schemas() == ["public"]
        Practice.objects.update(tagline=factories.both("Since it has moved"))
        # A backup of PostgreSQL, put back into PostgreSQL: the old rows are kept.
        call_command("backup", verify=True, stdout=StringIO())
        rows_there = contents()
        Practice.objects.update(name="Changed since")
        restored = StringIO()
        call_command("restore", site.backups[-1].name, yes=True, stdout=restored)
        assert contents(but=["clinic_verifiedbackup"]) == {
            name: rows
            for name, rows in rows_there.items()
            if name != "clinic_verifiedbackup"
        }
        kept, public = schemas()
        assert (kept[:7], public) == ("before_", "public")
        with databases.stand_in(databases.in_schema(config, kept)):
            assert Practice.objects.get().name == "Changed since"
        # And back.
        rows_there, pages_there = contents(), pages()
        move(f"sqlite:///{tmp_path}/back.sqlite3")
    with databases.stand_in(databases.sqlite(tmp_path / "back.sqlite3")):
        assert contents() == rows_there
        assert pages() == pages_there != pages_before
    count = sum(map(len, rows_before.values()))
    assert f"{len(rows_before)} tables with {count:,} rows, and " in said
    with capsys.disabled():
        print(f"\nR18: {count} rows of {len(rows_before)} tables and "
              f"{len(pages_before)} pages equal, there and back.")  # fmt: skip


@pytest.fixture
def other(tmp_path, monkeypatch):
    """Another SQLite database, with something in it; two pages shall do to compare."""
    monkeypatch.setattr(moving, "addresses", lambda: ["/", "/sitemap.xml"])
    site = Site(tmp_path / "other")
    site.folder.mkdir()
    with databases.stand_in(databases.sqlite(site.database)) as database:
        targets.run(database, "CREATE TABLE old (x)")
    return site


def tables_of(site):
    with databases.stand_in(databases.sqlite(site.database)):
        return connection.introspection.table_names()


@pytest.mark.usefixtures("quick")
def test_what_the_other_database_held_is_kept(site, other):
    said = move(f"sqlite:///{other.database}")

    (kept,) = site.folder.glob("before-*/portal.sqlite3")
    assert f"What was there before is kept: {kept}." in said
    assert tables_of(Site(kept.parent)) == ["old"]
    assert "articles_edition" in tables_of(other)


@pytest.mark.usefixtures("quick")
def test_a_page_that_is_another_stops_it(other, monkeypatch):
    monkeypatch.setattr(moving, "page_of", lambda config, path: (200, b"another"))

    with pytest.raises(CommandError, match=r"The page /\S* is not the same"):
        move(f"sqlite:///{other.database}")

    assert tables_of(other) == ["old"]


@pytest.mark.usefixtures("quick")
def test_a_row_that_is_another_stops_it(other, monkeypatch):
    write = moving.rows.write

    def forgetful(database, table, rows):
        given = list(rows)
        return write(database, table, given[table.name == "clinic_closure" :])

    monkeypatch.setattr(moving.rows, "write", forgetful)

    with pytest.raises(CommandError, match=r"clinic_closure \(1 rows, 0 arrived\)"):
        move(f"sqlite:///{other.database}")

    assert tables_of(other) == ["old"]


def test_a_portal_that_does_not_answer_stops_it(monkeypatch):
    monkeypatch.setattr(moving, "page", lambda path: (503, b""))

    with pytest.raises(BackupError, match=r"answers 503 to /sitemap\.xml"):
        moving.addresses()


@pytest.mark.usefixtures("quick")
def test_a_page_that_turns_between_two_looks_is_no_difference(other, monkeypatch):
    page, turned = moving.page_of, []

    def late(config, path):
        if path == "/" and not turned:
            turned.append(path)
            return 200, b"a minute ago"
        return page(config, path)

    monkeypatch.setattr(moving, "page_of", late)

    assert "Equal on both sides" in move(f"sqlite:///{other.database}")
    assert turned == ["/"]


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("portal.sqlite3", "must look like"),
        ("nonsense://x", "must look like"),
        ("mysql://x/y", "SQLite or PostgreSQL only"),
        ("postgres://x:y@127.0.0.1:1/z", "does not answer"),
    ],
)
def test_what_is_no_database_is_refused(url, match):
    with pytest.raises(CommandError, match=match):
        move(url)


def test_it_does_not_move_onto_itself(site):
    with pytest.raises(CommandError, match="That is the portal's database already"):
        move(f"sqlite:///{site.database}")


def test_before_it_moves_it_is_brought_up_to_date(other, monkeypatch):
    monkeypatch.setattr(databases, "known", lambda: [("clinic", "9999_later")])

    with pytest.raises(CommandError, match=r"run manage\.py migrate"):
        move(f"sqlite:///{other.database}")


def test_an_account_that_may_make_no_schema_is_told_so(postgresql):
    config = databases.at(postgresql)
    with databases.stand_in(config) as database:
        for sql in (
            "DROP ROLE IF EXISTS guest",
            "CREATE ROLE guest LOGIN",
        ):
            targets.run(database, sql)

    with pytest.raises(CommandError, match="GRANT CREATE ON DATABASE"):
        move(postgresql.replace("user=portal", "user=guest"))

    assert Article.objects.count() == 3


def test_pages_are_chosen_evenly_and_the_same_each_time():
    paths = [str(n) for n in range(1000)]

    chosen = moving.sample(paths)

    assert chosen == moving.sample(paths)
    assert (len(chosen), chosen[0], chosen[-1]) == (59, "0", "986")
    assert moving.sample(paths[:60]) == paths[:60]


# Passwords ###################################################################


@pytest.fixture
def closed(postgresql, monkeypatch):
    """The address of a database that asks for a password of all signs, without it."""
    password = "a/b?c@d+e#f%20:"
    monkeypatch.setenv("PGPASSWORD", password)
    host = parse_qs(urlsplit(postgresql).query)["host"][0]
    rules = Path(host) / "data" / "pg_hba.conf"
    before = rules.read_text()
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"ALTER USER portal PASSWORD '{password}'")
        rules.write_text("local all all scram-sha-256\n")
        connection.execute("SELECT pg_reload_conf()")
        yield f"postgres://portal@/site?host={host}"
        rules.write_text(before)
        connection.execute("SELECT pg_reload_conf()")


@pytest.mark.usefixtures("quick")
def test_a_password_of_any_signs_may_stand_beside_the_address(
    site, closed, settings, tmp_path, monkeypatch
):
    """Everything that reaches the database takes it: moving, backing up, restoring."""
    rows_before = contents()
    move(closed)
    settings.DATA_DIR = tmp_path / "another"
    settings.DATA_DIR.mkdir()

    with databases.stand_in(databases.at(closed)):
        call_command("backup", verify=True, stdout=StringIO())
        Practice.objects.update(name="Changed since")
        call_command("restore", site.backups[0].name, yes=True, stdout=StringIO())
        assert contents(but=["clinic_verifiedbackup"]) == {
            name: rows
            for name, rows in rows_before.items()
            if name != "clinic_verifiedbackup"
        }

    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(OperationalError, match="password authentication failed"):
        databases.wrapper(databases.at(closed)).ensure_connection()


def test_an_address_that_cannot_be_read_is_not_quoted():
    with pytest.raises(CommandError, match="The address of the database") as refusal:
        move("postgres://portal:hush/secret@database/portal")

    assert "hush" not in str(refusal.value)
