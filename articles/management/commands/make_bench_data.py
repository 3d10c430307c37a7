"""Fill a portal of its own with as many articles as a measurement needs."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from articles.models import Article, Edition, Headword, State, Topic
from articles.search import index
from clinic import generation
from clinic.models import Doctor, Practice

# Sentences of about ten words, so that 350 words are 35 of them. What they say is of
# no use to anybody; each contains words that a search is measured with.
WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "who": ["the doctor", "a nurse", "your family", "the clinic", "the patient"],
        "does": ["explains", "checks", "writes down", "measures", "asks about"],
        "what": ["the blood test", "the scan", "a new medicine", "the pain", "a meal"],
        "when": ["before treatment", "every second week", "at home", "in the morning"],
        "title": "Sample article {number} on {what}",
        "common": "liver",
    },
    "it": {
        "who": [
            "il medico",
            "un’infermiera",
            "la famiglia",
            "lo studio",
            "il paziente",
        ],
        "does": ["spiega", "controlla", "annota", "misura", "chiede di"],
        "what": ["l’esame del sangue", "la TAC", "un farmaco nuovo", "il dolore"],
        "when": ["prima della terapia", "ogni due settimane", "a casa", "al mattino"],
        "title": "Articolo di prova {number} su {what}",
        "common": "fegato",
    },
}
WORDS_PER_ARTICLE = 350
BATCH = 1000
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


class Command(BaseCommand):
    help = (
        "Makes a number of published articles, half of them in each language, for "
        "measurements. DATA_DIR has to name a folder without a portal in it."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("articles", type=int, help="how many, for example 10000")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        if Article.objects.exists() or Doctor.objects.exists():
            raise CommandError(
                f"There is a portal in {settings.DATA_DIR} already. Please name "
                "another folder with DATA_DIR."
            )
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("load_sample", stdout=self.stdout)
        # As in use: pages then bear no sentence that says what is invented.
        Practice.objects.update(is_sample=False)
        count = options["articles"]
        rows = self.articles(count)
        done = 0
        while batch := list(islice(rows, BATCH)):
            publish(batch)
            done += len(batch)
            self.stdout.write(f"{done} of {count} articles", ending="\r")
        self.stdout.write(f"{count} articles in {settings.DATA_DIR}.")
        done = 0
        for indexed in index.catch_up():
            done += indexed
            self.stdout.write(f"{done} of {count} articles in the search", ending="\r")
        generation.advance()

    def articles(self, count: int) -> Iterator[Article]:
        """Yield articles, each original before its translation, the same each time."""
        draw = random.Random(1)  # noqa: S311  nothing here is a secret
        topics, doctor = list(Topic.objects.all()), Doctor.objects.first()
        key = max(Article.objects.values_list("pk", flat=True))
        original = None
        for number in range(count):
            language = "it" if number % 2 else "en"
            words = WORDS[language]
            what = draw.choice(words["what"])
            key += 1
            article = Article(
                pk=key,
                language=language,
                title=words["title"].format(number=number // 2, what=what),
                slug=f"sample-{number // 2}",
                summary=sentence(words, draw),
                body=body(words, draw, number),
                topic=topics[number // 2 % len(topics)],
                author=doctor,
                translation_of_id=original if language == "it" else None,
                state=State.PUBLISHED,
                first_review_date=timezone.localdate() + timedelta(number % 1000),
            )
            original = key
            yield article


def sentence(words: dict[str, Any], draw: random.Random) -> str:
    parts = (draw.choice(words[part]) for part in ("who", "does", "what", "when"))
    return " ".join(parts).capitalize() + "."


def body(words: dict[str, Any], draw: random.Random, number: int) -> str:
    """Return a text of 350 words under four headings.

    One word stands in every article of a language, one in a single article.
    """
    parts = [f"<p>{words['common'].capitalize()} rare{number}.</p>"]
    written = 0
    while written < WORDS_PER_ARTICLE:
        if len(parts) % 4 == 1:
            parts.append(f"<h2>{sentence(words, draw).rstrip('.')}</h2>")
        text = " ".join(sentence(words, draw) for _ in range(4))
        written += len(text.split())
        parts.append(f"<p>{text}</p>")
    return "".join(parts)


def publish(batch: list[Article]) -> None:
    """Save the articles, each pair of languages among them, with their editions."""
    Article.objects.bulk_create(batch)
    originals = [article for article in batch if article.translation_of_id is None]
    editions = Edition.objects.bulk_create([edition_of(one) for one in originals])
    made_from = {edition.article_id: edition for edition in editions}
    translations = []
    for article in batch:
        if article.translation_of_id:
            article.original_edition = made_from[article.translation_of_id]
            translations.append(article)
    Article.objects.bulk_update(translations, ["original_edition"])
    editions += Edition.objects.bulk_create([edition_of(one) for one in translations])
    Headword.objects.write(editions)


def edition_of(article: Article) -> Edition:
    """Return what publishing it would have made, an hour after the one before."""
    moment = BEGINNING + timedelta(minutes=article.pk * 20)
    return Edition(
        article=article,
        number=1,
        content_number=1,
        content_since=moment,
        live_from=moment,
        first_published_at=moment,
        published_at=moment,
        original_edition=article.original_edition,
        **article.copied(),
    )
