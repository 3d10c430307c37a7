"""Rows as lines of JSON: every kind of value comes back, on both databases."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection, models
from django.db.models import Value
from django.test.utils import isolate_apps

from clinic.backup import BackupError, databases, rows

ROWS = [
    {
        "integer": 2**62,
        "words": "città “x” \\ \n\t",
        "flag": True,
        "ratio": 0.1,
        "price": Decimal("12.30"),
        "day": date(2026, 2, 28),
        "hour": time(23, 59, 59, 5),
        "moment": datetime(2026, 10, 25, 1, 30, 0, 7, tzinfo=UTC),
        "period": timedelta(days=-1, microseconds=3),
        "identity": UUID(int=5),
        "raw": bytes(range(256)),
        "tree": {"b": [1, None, {"z": "è"}], "a": 1.5},
    },
    dict.fromkeys(("integer", "words", "flag", "ratio", "price", "day")),
    {"tree": Value(None, models.JSONField()), "words": ""},
]


def model_of_everything():
    def some(kind, **options):
        return kind(null=True, **options)

    class Everything(models.Model):
        integer = some(models.BigIntegerField)
        words = some(models.TextField)
        flag = some(models.BooleanField)
        ratio = some(models.FloatField)
        price = some(models.DecimalField, max_digits=9, decimal_places=2)
        day = some(models.DateField)
        hour = some(models.TimeField)
        moment = some(models.DateTimeField)
        period = some(models.DurationField)
        identity = some(models.UUIDField)
        raw = some(models.BinaryField)
        tree = some(models.JSONField)
        other = some(models.ForeignKey, to="self", on_delete=models.CASCADE)

        class Meta:
            app_label = "messages"

        def __str__(self):
            return str(self.pk)

    return Everything


def stored(model):
    return [
        {
            name: bytes(value) if isinstance(value, memoryview) else value
            for name, value in row.items()
        }
        for row in model.objects.order_by("pk").values()
    ]


@pytest.fixture
def places(postgresql, tmp_path, django_db_blocker):
    found = {
        "sqlite": databases.sqlite(tmp_path / "a.sqlite3"),
        "postgresql": databases.at(postgresql),
    }
    with django_db_blocker.unblock():
        yield found


@isolate_apps("django.contrib.messages")
def test_every_kind_of_value_goes_from_one_database_to_the_other_and_back(places):
    model = model_of_everything()
    table = rows.table_of(model)
    lines, values, digests = [], [], []
    for step, place in enumerate(("sqlite", "postgresql", "sqlite")):
        with databases.stand_in(places[place]) as database:
            with database.schema_editor() as editor:
                if step == 2:
                    editor.delete_model(model)
                editor.create_model(model)
            if step == 0:
                first = [model.objects.create(**row) for row in ROWS]
                model.objects.filter(pk=first[0].pk).update(other=first[2])
            else:
                with rows.unchecked(database):
                    rows.write(database, table, map(json.loads, lines))
            found = list(rows.read(database, table))
            lines = [rows.line(row) for row in found]
            digest = rows.Digest(table)
            for row in found:
                digest.add(row)
            digests.append((digest.count, digest.hexdigest()))
            values.append(stored(model))

    assert values[0] == values[1] == values[2]
    assert digests[0] == digests[1] == digests[2]
    assert values[0][0] == {"id": 1, "other_id": 3} | ROWS[0]


@isolate_apps("django.contrib.messages")
def test_no_value_and_the_value_null_stay_two_things(places):
    model = model_of_everything()
    table = rows.table_of(model)
    place = table.names.index("tree")
    for config in places.values():
        with databases.stand_in(config) as database:
            with database.schema_editor() as editor:
                editor.create_model(model)
            model.objects.create(tree=None)
            model.objects.create(tree=Value(None, models.JSONField()))

            found = [row[place] for row in rows.read(database, table)]

        assert found == [None, "null"]


def test_the_order_of_rows_and_of_keys_does_not_matter_to_a_digest():
    table = rows.Table(
        "t", "id", (rows.Column("id", models.BigIntegerField()),
                    rows.Column("tree", models.JSONField())),
    )  # fmt: skip
    one, other, third = rows.Digest(table), rows.Digest(table), rows.Digest(table)
    for row in ([1, '{"a": 1, "b": 2}'], [2, None]):
        one.add(row)
    for row in ([2, None], [1, '{"b": 2, "a": 1}']):
        other.add(row)
    for row in ([2, None], [1, '{"b": 1, "a": 1}']):
        third.add(row)

    assert one.hexdigest() == other.hexdigest() != third.hexdigest()


def test_keys_that_lead_nowhere_are_refused_at_the_end(site):
    source = rows.table_of(databases.installed.get_model("articles", "Source"))
    row = next(rows.read(connection, source))
    row[source.names.index("article_id")] = 99_999
    row[0] = 88_888

    with (
        pytest.raises(Exception, match="foreign key"),
        rows.unchecked(connection),
    ):
        rows.write(connection, source, [row])

    assert not [r for r in rows.read(connection, source) if r[0] == 88_888]


def test_rows_that_do_not_fit_are_named(site):
    table = rows.table_of(databases.installed.get_model("articles", "Topic"))

    with (
        pytest.raises(BackupError, match=r"Rows 1 to 1 of articles_topic cannot be"),
        rows.unchecked(connection),
    ):
        rows.write(connection, table, [[1]])


def test_every_table_is_kept_but_sessions_and_the_generation():
    tables = {table.name for table in rows.tables(databases.installed)}

    every = set(connection.introspection.django_table_names(include_views=False))
    assert every - tables == {
        "clinic_generation",
        "clinic_session",
        "clinic_throttle",
        "django_session",
    }
    assert tables - every == set()
