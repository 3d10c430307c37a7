"""What was published before there were digests has one too."""

from django.db import migrations

from articles.digest import digest_of

BATCH = 500


def fill_in(apps, schema_editor):
    Edition = apps.get_model("articles", "Edition")
    editions, last = Edition.objects.order_by("pk"), 0
    while batch := list(editions.filter(pk__gt=last)[:BATCH]):
        for edition in batch:
            edition.digest = digest_of(edition, 1)
        Edition.objects.bulk_update(batch, ["digest"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("articles", "0030_editions_with_a_digest")]

    operations = [migrations.RunPython(fill_in, migrations.RunPython.noop)]
