"""Fill an empty portal with a sample practice and sample articles."""

import os
import re
import secrets
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files.base import File
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from i18nfield.strings import LazyI18nString

from articles.models import Article, Condition, Edition, Source, Synonym, Term, Topic
from articles.models.review import spread
from clinic import pictures, roles
from clinic.models import (
    Doctor,
    Email,
    Location,
    OpeningHours,
    Phone,
    Picture,
    Practice,
    User,
)

SAMPLE = Path(__file__).resolve().parents[2] / "sample"


class Command(BaseCommand):
    help = "Loads the sample practice and articles into an empty portal."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--only-if-empty",
            action="store_true",
            help="Do nothing, silently, where there is content or an account.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        taken = any(
            model._default_manager.exists()
            for model in (User, Practice, Doctor, Topic, Article, Edition, Term)
        )
        if taken:
            if options["only_if_empty"]:
                return
            raise CommandError(
                "There is content or an account already; sample content is only for "
                "an empty portal."
            )
        content = tomllib.loads((SAMPLE / "content.toml").read_text(encoding="utf-8"))
        # All or nothing: a load that was interrupted begins anew the next time.
        with pictures.kept_only_on_success(), transaction.atomic():
            self.load(content)

    def load(self, content: dict[str, Any]) -> None:
        self.stdout.write("Loading the sample practice …")
        doctor = self.load_practice(content["practice"])
        topics = {
            data["slug"]: Topic.objects.create(position=position, **texts(data))
            for position, data in enumerate(content["topics"])
        }
        for data in content["conditions"]:
            Condition.objects.create(**texts(data))
        count = len(content["articles"])
        # No doctor has read them: their first reviews are proposed, one by one.
        days = spread(count, timezone.localdate(), Practice.objects.row().review_months)
        for number, data in enumerate(content["articles"], 1):
            self.stdout.write(f"Loading sample article {number} of {count} …")
            self.load_article(data, topics[data["topic"]], doctor, days[number - 1])
        self.load_glossary()
        self.load_synonyms()
        self.create_editor(doctor)

    def load_practice(self, data: dict[str, Any]) -> Doctor:
        practice = Practice.objects.create(
            pk=Practice.ONLY, is_sample=True, **texts(data["self"])
        )
        portrait = self.picture(data["doctor"].pop("portrait"))
        doctor = Doctor.objects.create(portrait=portrait, **texts(data["doctor"]))
        for model, rows in (
            (Phone, data["phones"]),
            (Email, data["emails"]),
            (Location, data["locations"]),
        ):
            for position, row in enumerate(rows):
                if "map" in row:
                    row["map_picture"] = self.picture(row.pop("map"))
                model.objects.create(practice=practice, position=position, **texts(row))
        for row in data["hours"]:
            for weekday in row["weekdays"]:
                OpeningHours.objects.create(
                    weekday=weekday, opens=row["opens"], closes=row["closes"]
                )
        return doctor

    def load_article(
        self, data: dict[str, Any], topic: Topic, doctor: Doctor, review_on: date
    ) -> None:
        """Create the article in every language that the sample has, and publish it."""
        picture = self.picture(data["picture"])
        condition = Condition.objects.filter(icd10=data.get("condition")).first()
        original = None
        for language, _name in settings.LANGUAGES:
            if language not in data:
                continue
            words = data[language]
            body = (SAMPLE / "bodies" / f"{data['key']}.{language}.html").read_text(
                "utf-8"
            )
            article = Article(
                language=language,
                title=words["title"],
                slug=words["slug"],
                summary=words["summary"],
                body=with_keys(body),
                topic=topic,
                author=doctor,
                condition=condition,
                picture=picture,
                picture_alt=words["picture_alt"],
                picture_caption=words["picture_caption"],
                key_phrases="\n".join(words["key_phrases"]),
                is_sample=True,
            )
            article.link(original)
            article.save()
            original = original or article
            for position, source in enumerate(words["sources"]):
                Source.objects.create(article=article, position=position, **source)
            article.written(None)
            article.publish_unreviewed(review_on=review_on)

    def load_glossary(self) -> None:
        """Create the terms in every language; no doctor has checked them."""
        self.stdout.write("Loading the sample glossary …")
        content = tomllib.loads((SAMPLE / "glossary.toml").read_text(encoding="utf-8"))
        for data in content["terms"]:
            original = None
            for language, _name in settings.LANGUAGES:
                if language not in data:
                    continue
                words = data[language]
                term = Term.objects.create(
                    language=language,
                    slug=slugify(words["name"]),
                    translation_of=original,
                    **words | {"synonyms": "\n".join(words.get("synonyms", []))},
                )
                original = original or term
                term.show_as_sample()

    def load_synonyms(self) -> None:
        content = tomllib.loads((SAMPLE / "synonyms.toml").read_text(encoding="utf-8"))
        for language, rows in content.items():
            for words, means in rows.items():
                Synonym.objects.create(language=language, words=words, means=means)

    def picture(self, name: str) -> Picture:
        with (SAMPLE / "pictures" / name).open("rb") as file:
            renditions = pictures.render(File(file))
        return Picture.objects.create_from(renditions, name=name, is_drawing=True)

    def create_editor(self, doctor: Doctor) -> None:
        """Create the sample editor, a doctor in every role.

        The server shows the password once.
        """
        password = secrets.token_urlsafe(12)
        editor = User.objects.create_user(
            "editor", password=password, is_staff=True, doctor=doctor
        )
        editor.groups.set(Group.objects.filter(name__in=roles.NAMES))
        path = settings.DATA_DIR / "first-password"
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(password)


def with_keys(body: str) -> str:
    """Turn "phone-2", the second number of the sample, into a reference to its row."""
    keys = list(Phone.objects.order_by("position").values_list("pk", flat=True))
    return re.sub(
        r'data-contact="phone-(\d)"',
        lambda found: f'data-contact="phone-{keys[int(found[1]) - 1]}"',
        body,
    )


def texts(data: dict[str, Any]) -> dict[str, Any]:
    """Turn every table of languages into a text in several languages."""
    return {
        name: LazyI18nString(value) if isinstance(value, dict) else value
        for name, value in data.items()
    }
