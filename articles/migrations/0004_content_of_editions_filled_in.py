"""Every edition so far was a change of content; a copy as published waits for nothing."""

from django.db import migrations
from django.db.models import F

# What publishing copied when this migration was written.
COPIED = [
    "language", "title", "slug", "summary", "body", "topic_id", "author_id",
    "picture_id", "picture_alt", "picture_decorative", "picture_caption",
    "picture_credit", "key_phrases", "is_sample", "translation_of_id",
]  # fmt: skip


def sources_of(article):
    return [
        {name: getattr(source, name) for name in ("title", "url", "doi", "pmid")}
        for source in article.source_set_in_order
    ]


def is_as_published(article, edition):
    same = all(getattr(article, n) == getattr(edition, n) for n in COPIED)
    return same and sources_of(article) == edition.sources


def fill_in(apps, schema_editor):
    Article, Edition, Source = (
        apps.get_model("articles", name) for name in ("Article", "Edition", "Source")
    )
    Edition.objects.filter(content_number=None).update(
        content_number=F("number"), content_since=F("live_from")
    )
    for article in Article.objects.order_by("pk").iterator(chunk_size=100):
        last = Edition.objects.filter(article=article).order_by("-number").first()
        article.source_set_in_order = list(
            Source.objects.filter(article=article).order_by("position", "pk")
        )
        if last and is_as_published(article, last):
            Article.objects.filter(pk=article.pk).update(state="PUBLISHED")


class Migration(migrations.Migration):
    dependencies = [("articles", "0003_life_of_an_article")]

    operations = [migrations.RunPython(fill_in, migrations.RunPython.noop)]
