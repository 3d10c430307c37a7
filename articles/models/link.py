"""What articles lead to, and whether it was still there when it was last asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models.article import Article
from articles.models.edition import Edition
from articles.models.statement import Statement


class Kind(models.TextChoices):
    """What a link leads to, which is how it is checked."""

    PAGE = "PAGE", _("page of this site")
    WEB = "WEB", _("other site")
    DOI = "DOI", _("DOI")
    PMID = "PMID", _("PubMed")
    PICTURE = "PICTURE", _("picture")


class LinkState(models.TextChoices):
    UNCHECKED = "UNCHECKED", _("not checked yet")
    WORKS = "WORKS", _("works")
    MOVED = "MOVED", _("moved")
    GONE = "GONE", _("gone")
    # It has not answered once, or on one day only; that happens to everybody.
    UNSURE = "UNSURE", _("did not answer once")
    UNREACHABLE = "UNREACHABLE", _("does not answer")
    CLOSED = "CLOSED", _("answers people only")


# What somebody has to look at.
TO_MEND = (LinkState.GONE, LinkState.UNREACHABLE, LinkState.MOVED)

REASONS = {
    "address": _("This is no address of a page."),
    "port": _("Pages stand at ports 80 and 443 only."),
    "private": _("The address is not public: nobody else can open it."),
    "name": _("There is no site of that name."),
    "certificate": _("The certificate of the site is not valid: browsers warn."),
    "timeout": _("The site did not answer in time."),
    "connection": _("The site did not answer."),
    "loop": _("The address leads in a circle."),
    "missing": _("Nothing stands at this address."),
    "withdrawn": _("The page was withdrawn."),
    "file": _("A file of the picture is missing."),
}


class Link(models.Model):
    """One address that articles lead to, however many."""

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    address = models.CharField(_("address"), max_length=1000, unique=True)
    state = models.CharField(
        _("state"),
        max_length=12,
        choices=LinkState.choices,
        default=LinkState.UNCHECKED,
        db_index=True,
    )
    # A key of REASONS, or a status of HTTP in digits.
    reason = models.CharField(max_length=20, blank=True)
    moved_to = models.CharField(_("moved to"), max_length=1000, blank=True)
    checked_at = models.DateTimeField(_("checked"), null=True, db_index=True)
    failing_since = models.DateTimeField(_("not there since"), null=True)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        default_permissions = ()

    def __str__(self) -> Any:
        return self.address

    @property
    def reason_in_words(self) -> Any:
        if self.reason.isdecimal():
            return _("The site answers with the error %(number)s.") % {
                "number": self.reason
            }
        return REASONS.get(self.reason, "")

    def found(self, at: datetime | None = None) -> None:
        """Note that it works."""
        self._note(LinkState.WORKS, at)

    def moved(self, to: str, at: datetime | None = None) -> None:
        """Note that it works under another address, to which it leads for good."""
        self._note(LinkState.MOVED, at, moved_to=to[:1000])

    def closed(self, reason: str, at: datetime | None = None) -> None:
        """Note that the site has not said whether it is there."""
        self._note(LinkState.CLOSED, at, reason=reason)

    def gone(self, reason: str, at: datetime | None = None) -> None:
        """Note that it is certainly not there."""
        self._note(LinkState.GONE, at, reason=reason, failing=True)

    def failed(self, reason: str, at: datetime | None = None) -> None:
        """Note that it has not answered; it is broken once that was so on two days."""
        at = at or timezone.now()
        first = self.failing_since
        earlier = first and timezone.localdate(first) < timezone.localdate(at)
        state = LinkState.UNREACHABLE if earlier else LinkState.UNSURE
        self._note(state, at, reason=reason, failing=True)

    def _note(
        self,
        state: LinkState,
        at: datetime | None,
        *,
        reason: str = "",
        moved_to: str = "",
        failing: bool = False,
    ) -> None:
        at = at or timezone.now()
        self.state, self.reason, self.moved_to = state, reason, moved_to
        self.checked_at = at
        self.failing_since = (self.failing_since or at) if failing else None
        self.save()


class LinkPlace(models.Model):
    """Where a link stands: in which article, edition, part and sentence.

    Or in which statement; the glossary has plain words only.
    """

    LONGEST_SENTENCE = 300

    class Part(models.TextChoices):
        BODY = "BODY", _("text")
        SOURCE = "SOURCE", _("source")
        PICTURE = "PICTURE", _("picture")

    link = models.ForeignKey(Link, models.CASCADE, related_name="places")
    article = models.ForeignKey(
        Article, models.CASCADE, null=True, related_name="+", verbose_name=_("article")
    )
    statement = models.ForeignKey(
        Statement, models.CASCADE, null=True, related_name="+"
    )
    # None: in the working copy only.
    edition = models.ForeignKey(Edition, models.CASCADE, null=True, related_name="+")
    part = models.CharField(_("part"), max_length=10, choices=Part.choices)
    sentence = models.CharField(_("sentence"), max_length=LONGEST_SENTENCE, blank=True)

    class Meta:
        verbose_name = _("link in an article")
        verbose_name_plural = _("links in articles")
        ordering = ["article", "pk"]
        default_permissions = ("change", "view")
        constraints = [
            models.CheckConstraint(
                name="link_in_an_article_or_a_statement",
                condition=models.Q(article__isnull=True, statement__isnull=False)
                | models.Q(article__isnull=False, statement__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.article or self.statement}: {self.link}"
