"""A translation was made from what readers of its original saw when it was published.

Where the original came later, from its first edition: nothing else was there to
translate. A working copy goes on from its newest edition; one that has none was made
from what was there when it was begun.
"""

from django.db import migrations
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce


def made_from(shown, moment):
    """The edition of the original that was before readers then, else its first one."""
    of_original = shown.filter(article=OuterRef("translation_of")).order_by()
    then = of_original.filter(live_from__lte=OuterRef(moment))
    return Coalesce(
        Subquery(then.order_by("-live_from", "-number").values("pk")[:1]),
        Subquery(of_original.order_by("live_from", "number").values("pk")[:1]),
    )


def fill_in(apps, schema_editor):
    Article, Edition = (
        apps.get_model("articles", name) for name in ("Article", "Edition")
    )
    # What was called off before its time ends where it begins.
    shown = Edition.objects.exclude(live_until=F("live_from"))
    Edition.objects.filter(
        translation_of__isnull=False, original_edition=None
    ).update(original_edition=made_from(shown, "content_since"))
    own = Edition.objects.filter(
        article=OuterRef("pk"), translation_of=OuterRef("translation_of")
    ).order_by("-number")
    Article.objects.filter(
        translation_of__isnull=False, original_edition=None
    ).update(
        original_edition=Coalesce(
            Subquery(own.values("original_edition")[:1]),
            made_from(shown, "created_at"),
        )
    )


class Migration(migrations.Migration):
    dependencies = [("articles", "0019_edition_a_translation_was_made_from")]

    operations = [migrations.RunPython(fill_in, migrations.RunPython.noop)]
