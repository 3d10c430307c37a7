"""The simplest valid thing of each kind; a test states only what matters to it."""

from datetime import UTC, date, datetime, time

import factory
from django.utils.text import slugify
from i18nfield.strings import LazyI18nString

from articles.models import Article, Change, Condition, Source, Term, Topic
from clinic import models


def both(text):
    """The same words in both languages, told apart by the code."""
    return LazyI18nString({"en": text, "it": f"{text} (it)"})


class PracticeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Practice
        django_get_or_create = ["id"]

    id = 1
    name = "Dr. Test"
    tagline = both("Oncology, Rome")


class DoctorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Doctor

    practice = factory.SubFactory(PracticeFactory)
    title = both("Dr.")
    first_name = "Ada"
    last_name = factory.Sequence(lambda n: f"Test{n}")
    slug = factory.Sequence(lambda n: f"ada-test{n}")
    speciality = both("oncologist")


class PhoneFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Phone

    practice = factory.SubFactory(PracticeFactory)
    number = "+393317612698"
    purpose = both("Appointments")
    answered_by = both("the secretary")
    in_header = True


class EmailFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Email

    practice = factory.SubFactory(PracticeFactory)
    address = "studio@example.org"
    purpose = both("The practice")


class LocationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Location

    practice = factory.SubFactory(PracticeFactory)
    name = both("The practice")
    street = "Via Esempio 00"
    postal_code = "00000"
    city = "Roma"


class HoursFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.OpeningHours

    practice = factory.SubFactory(PracticeFactory)
    weekday = 0
    opens = time(9)
    closes = time(13)


class ClosureFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Closure

    practice = factory.SubFactory(PracticeFactory)
    first_day = date(2026, 8, 3)
    last_day = date(2026, 8, 21)
    reason = both("Summer holidays")


class NoticeFactory(factory.django.DjangoModelFactory):
    """Shown in 2026, the year in which the tests stop the clock."""

    class Meta:
        model = models.Notice

    practice = factory.SubFactory(PracticeFactory)
    text = both("The lift is out of order.")
    starts_at = datetime(2026, 1, 1, tzinfo=UTC)
    ends_at = datetime(2027, 1, 1, tzinfo=UTC)


class TopicFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Topic

    name = both("The liver")
    slug = factory.Sequence(lambda n: f"topic-{n}")


class ConditionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Condition

    name = both("Liver metastases")
    icd10 = "C78.7"
    mesh = factory.Sequence(lambda n: f"D{n:06}")


class ArticleFactory(factory.django.DjangoModelFactory):
    """An article that is ready to be published."""

    class Meta:
        model = Article

    language = "en"
    title = factory.Sequence(lambda n: f"Article {n}")
    slug = factory.Sequence(lambda n: f"article-{n}")
    summary = "What this page explains."
    body = "<h2>What it is</h2><p>Plain words.</p>"
    topic = factory.SubFactory(TopicFactory)
    author = factory.SubFactory(DoctorFactory)
    # A translation is one of what its original says now.
    original_edition = factory.LazyAttribute(
        lambda it: (
            getattr(it, "translation_of", None) and it.translation_of.newest_edition()
        )
    )


class TermFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Term

    language = "en"
    name = factory.Sequence(lambda n: f"term {n}")
    slug = factory.LazyAttribute(lambda term: slugify(term.name))
    definition = "What it means."


class SourceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Source

    article = factory.SubFactory(ArticleFactory)
    title = "Institute: a page, 2026"
    url = "https://www.example.org/page"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.User

    username = factory.Sequence(lambda n: f"user{n}")
    is_staff = True
    is_superuser = True


class AuthenticatorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Authenticator

    user = factory.SubFactory(UserFactory)
    key = b"twenty bytes of test"


class ReviewerFactory(UserFactory):
    """A doctor who may do everything; his account is linked to him."""

    doctor = factory.SubFactory(DoctorFactory)


def sign(article, by=None):
    """Sign the working copy as its author, who is a doctor; return who signed."""
    by = by or (
        models.User.objects.filter(doctor=article.author).first()
        if article.author
        else None
    )
    by = by or ReviewerFactory(doctor=article.author or DoctorFactory())
    article.written(article.edited_by)
    article.sign(by=by)
    return by


def publish(article, by=None, at=None, note="The words are new."):
    """Take the article the whole way: signed, and before readers from ``at`` on."""
    article.refresh_from_db()
    if article.editions.exists() and article.change_kind == Change.CONTENT:
        article.change_note = article.change_note or note
    sign(article, by)
    return article.publish(by=by, at=at)


def entry(**kwargs):
    """What readers find of a term, checked by a doctor."""
    return TermFactory(**kwargs).check_definition(by=ReviewerFactory())
