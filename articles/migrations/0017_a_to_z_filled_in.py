"""What is published already stands in the A to Z too."""

from django.db import migrations

from articles.alphabet import words_of

BATCH = 1000


def fill_in(apps, schema_editor):
    Edition, Headword = (apps.get_model("articles", name) for name in ("Edition", "Headword"))
    fields = ("pk", "language", "title", "key_phrases")
    editions = Edition.objects.only(*fields).order_by("pk")
    last = 0
    while batch := list(editions.filter(pk__gt=last)[:BATCH]):
        Headword.objects.bulk_create(
            Headword(edition=edition, language=edition.language, **word._asdict())
            for edition in batch
            for word in words_of(edition.title, edition.key_phrases, edition.language)
        )
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("articles", "0016_a_to_z")]

    operations = [migrations.RunPython(fill_in, migrations.RunPython.noop)]
