"""Where addresses lead that are no page: those of an older site, and mistyped ones."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from articles.models.article import Article
from articles.models.content import main_language
from articles.models.topic import Topic
from clinic import old_addresses
from clinic.models import Doctor
from clinic.models.user import languages


class AddressField(models.CharField):
    """An address in its one form (``clinic.old_addresses``), however it was typed."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return old_addresses.typed(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Leave the object with what is stored."""
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value

    def deconstruct(self) -> Any:
        """Be a plain CharField to migrations: the column is nothing else."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class RedirectQuerySet(models.QuerySet["Redirect"]):
    def for_address(self, path: str, query: str) -> Redirect | None:
        """Return the one that fits best what somebody has asked for.

        ``path`` is decoded, ``query`` is not, as a request has them.
        """
        address = old_addresses.asked(path, query)
        if len(address) > old_addresses.LONGEST:
            return None
        variants = old_addresses.variants(address)
        rows = self.filter(path__in=variants).select_related(
            "article", "topic", "doctor"
        )
        found = rows.defer(*(f"article__{name}" for name in Article.TEXTS))
        by_path = {row.path: row for row in found}
        return next((by_path[path] for path in variants if path in by_path), None)


class Redirect(models.Model):
    """An address that is no page, and the one row whose page readers are led to.

    The target is a row and never an address. So it moves with the page, and nobody can
    make a loop or a chain: what it leads to is a page that is there.
    """

    class Page(models.TextChoices):
        CONTACT = "clinic:contact", _("Contact and hours")
        ARTICLES = "articles:list", _("All articles")
        HOME = "articles:home", _("First page")

    path = AddressField(
        _("address"),
        max_length=old_addresses.LONGEST,
        unique=True,
        help_text=_(
            "As readers ask for it; best pasted whole from the browser. Capitals and a "
            "slash at the end make no difference."
        ),
        error_messages={"unique": _("This address leads on already.")},
    )
    article = models.ForeignKey(
        Article,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="redirects",
        verbose_name=_("article"),
    )
    topic = models.ForeignKey(
        Topic, models.CASCADE, null=True, blank=True, verbose_name=_("topic")
    )
    doctor = models.ForeignKey(
        Doctor, models.CASCADE, null=True, blank=True, verbose_name=_("doctor")
    )
    page = models.CharField(
        _("other page"), max_length=20, choices=Page.choices, blank=True
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        choices=languages,
        default=main_language,
        help_text=_("Of the topic, the doctor or the page; an article has its own."),
    )
    created_at = models.DateTimeField(_("made"), auto_now_add=True)

    objects = RedirectQuerySet.as_manager()

    class Meta:
        verbose_name = _("redirect")
        verbose_name_plural = _("redirects")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="redirect_to_one_target",
                condition=models.Q(
                    article__isnull=False, topic=None, doctor=None, page=""
                )
                | models.Q(article=None, topic__isnull=False, doctor=None, page="")
                | models.Q(article=None, topic=None, doctor__isnull=False, page="")
                | (
                    models.Q(article=None, topic=None, doctor=None) & ~models.Q(page="")
                ),
                violation_error_message=_(
                    "Please choose one target: an article, a topic, a doctor or "
                    "another page."
                ),
            )
        ]

    def __str__(self) -> Any:
        return self.path

    @property
    def target(self) -> Any:
        """What it leads to: a row, or the name of a page."""
        rows = self.article or self.topic or self.doctor
        return rows or self.Page(self.page).label

    def destination(self) -> str | None:
        """Return the address of the page, None if readers may not see it now."""
        if self.article:
            live = self.article.current_edition() or self.article.replacement()
            return live.get_absolute_url() if live else None
        with override(self.language):
            row = self.topic or self.doctor
            return row.get_absolute_url() if row else reverse(self.page)
