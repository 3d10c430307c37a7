"""The glossary: terms, which staff write, and entries, which readers find.

An entry is what a doctor has checked, word for word. Whatever staff change in a term,
readers keep the entry until a doctor has checked the new words too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from articles.alphabet import LONGEST_KEY, OTHERS, letter_of, sort_key
from articles.models.content import main_language, staff
from articles.models.review import months_later
from clinic import generation
from clinic.models import Doctor, Practice, User, Versioned
from clinic.models.user import languages

# So many entries stand on one page of the glossary; of more, a page shows those of one
# letter.
PER_PAGE = 200


class Explanation(models.Model):
    """What a term and its entry say."""

    language = models.CharField(
        _("language"), max_length=10, choices=languages, default=main_language
    )
    name = models.CharField(
        _("term"),
        max_length=80,
        help_text=_(
            "One word or several, as a dictionary has them, for example: neutropenia. "
            "Plurals and other endings are recognised; an abbreviation in capitals, "
            "such as PET, is recognised in capitals only."
        ),
    )
    slug = models.SlugField(
        _("address"),
        max_length=80,
        help_text=_("The end of its address in the glossary; made from the term."),
    )
    definition = models.TextField(
        _("definition"),
        max_length=400,
        help_text=_(
            "One or two plain sentences that make sense in the middle of any article, "
            "for example: Too few of the white blood cells that fight infections."
        ),
    )
    synonyms = models.TextField(
        _("synonyms"),
        max_length=400,
        blank=True,
        help_text=_(
            "Other words for the same thing, one to a line: abbreviations, everyday "
            "words, unusual plurals. They are explained like the term itself."
        ),
    )
    pronunciation = models.CharField(
        _("pronunciation"),
        max_length=80,
        blank=True,
        help_text=_(
            "As one would spell it for a child, the stressed syllable in capitals, for "
            "example: new-tro-PEE-nee-a"
        ),
    )

    # What a check copies into the entry.
    COPIED = ("language", "name", "slug", "definition", "synonyms", "pronunciation")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def names(self) -> list[str]:
        """The term and its synonyms."""
        return [self.name, *self.other_names]

    @property
    def other_names(self) -> list[str]:
        return [line.strip() for line in self.synonyms.splitlines() if line.strip()]

    def copied(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.COPIED}


class TermQuerySet(models.QuerySet["Term"]):
    def unchecked(self) -> Self:
        """Keep those whose words no doctor has checked as they are now."""
        same = {name: models.OuterRef(name) for name in Explanation.COPIED}
        checked = Entry.objects.current().filter(
            term=models.OuterRef("pk"), reviewed_date__isnull=False, **same
        )
        return self.exclude(models.Exists(checked))

    def due(self) -> Self:
        """Keep those whose next check is due."""
        overdue = Entry.objects.current().filter(
            term=models.OuterRef("pk"), next_due_date__lte=timezone.localdate()
        )
        return self.filter(models.Exists(overdue))


class Term(Versioned, Explanation):
    """What staff write. Readers never see it; they find its current entry."""

    translation_of = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="translations",
        verbose_name=_("translation of"),
        help_text=_("The term in the other language that means the same."),
    )
    edited_by = staff(_("last written by"))
    edited_at = models.DateTimeField(_("last written"), auto_now=True)

    objects = TermQuerySet.as_manager()

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("glossary")
        ordering = ["language", "slug", "pk"]
        permissions = [("check_term", _("Can check definitions"))]
        constraints = [
            models.UniqueConstraint(
                name="one_term_per_address",
                fields=["language", "slug"],
                violation_error_message=_(
                    "There is such a term in this language already."
                ),
            ),
            models.UniqueConstraint(
                name="one_term_per_language_and_original",
                fields=["translation_of", "language"],
                violation_error_message=_(
                    "That term has a translation into this language already."
                ),
            ),
        ]

    def clean(self) -> None:
        """Keep pairs simple: one original, one translation for each other language."""
        translations = self.translations.all() if self.pk else Term.objects.none()
        if any(other.language == self.language for other in translations):
            raise ValidationError(
                {"language": _("This term has a translation into this language.")}
            )
        original = self.translation_of
        if original is None:
            return
        if original.pk == self.pk or original.language == self.language:
            problem = _(
                "Both terms are in the same language. Please check the language above."
            )
        elif original.translation_of_id or translations:
            problem = _(
                "Please choose the original: the term that is not itself a translation."
            )
        else:
            return
        raise ValidationError({"translation_of": problem})

    # Verbs.

    def check_definition(self, *, by: User) -> Entry:
        """Let readers find these words: a doctor has checked them.

        Raises ValidationError with every sentence that stands against it.
        """
        with transaction.atomic():
            term = Term.objects.select_for_update().get(pk=self.pk)
            obstacles = term.obstacles(by)
            if obstacles:
                raise ValidationError(obstacles)
            term.take_back()
            today = timezone.localdate()
            months = Practice.objects.row().review_months
            return term.entries.create(
                checked_by=by,
                doctor=by.doctor,
                reviewed_date=today,
                next_due_date=months_later(today, months),
                since=timezone.now(),
                **term.copied(),
            )

    def obstacles(self, by: User) -> list[str]:
        """Say what keeps that person from checking it; empty means nothing."""
        found = []
        if not by.has_perm("articles.check_term"):
            found.append(gettext("Your role does not check definitions."))
        if by.doctor_id is None:
            found.append(
                gettext("Only a doctor can check a definition: your account is none.")
            )
        if Practice.objects.row().four_eyes and self.edited_by_id == by.pk:
            found.append(
                gettext("You have written it yourself: another doctor has to check it.")
            )
        same_address = Entry.objects.current().filter(
            language=self.language, slug=self.slug
        )
        other = same_address.exclude(term=self.pk).first()
        if other:
            found.append(
                gettext("Readers find “%(name)s” at this address: please change it.")
                % {"name": other.name}
            )
        return found

    def show_as_sample(self) -> Entry:
        """Show what nobody has checked, as a sample that says so."""
        return self.entries.create(
            is_sample=True, since=timezone.now(), **self.copied()
        )

    def take_back(self) -> None:
        """Let readers not find it any longer."""
        self.entries.current().update(ended_at=timezone.now())

    # Questions.

    def current_entry(self) -> Entry | None:
        """Return what readers find."""
        return self.entries.current().first()

    def differs_from(self, entry: Entry) -> bool:
        return self.copied() != entry.copied()


class EntryQuerySet(models.QuerySet["Entry"]):
    def current(self) -> Self:
        """Keep what readers find: the last checked words of each term."""
        return self.filter(ended_at=None)

    def in_language(self, language: str) -> Self:
        return self.filter(language=language)

    def alphabetical(self) -> Self:
        return self.order_by("letter", "sort_name", "pk")

    def translations(self, entries: Iterable[Entry]) -> dict[int, list[Entry]]:
        """Return the current entries in other languages for each of these, by key."""
        originals = {e.pk: e.term.translation_of_id or e.term_id for e in entries}
        keys = set(originals.values())
        found = (
            self.current()
            .filter(models.Q(term__in=keys) | models.Q(term__translation_of__in=keys))
            .select_related("term")
            .order_by("language")
        )
        groups: dict[int, list[Entry]] = {}
        for entry in found:
            original = entry.term.translation_of_id or entry.term_id
            groups.setdefault(original, []).append(entry)
        return {
            entry.pk: [
                other
                for other in groups.get(originals[entry.pk], [])
                if other.language != entry.language
            ]
            for entry in entries
        }


class Entry(Explanation):
    """What readers find. Only its end is ever written to it again."""

    term = models.ForeignKey(Term, models.CASCADE, related_name="entries")
    sort_name = models.CharField(max_length=LONGEST_KEY, editable=False)
    letter = models.CharField(max_length=3, editable=False)
    is_sample = models.BooleanField(default=False, editable=False)
    checked_by = staff(_("checked by"))
    doctor = models.ForeignKey(
        Doctor,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("doctor"),
    )
    reviewed_date = models.DateField(_("checked"), null=True)
    next_due_date = models.DateField(_("next check due"), null=True)
    since = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("until"), null=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("glossary entry")
        verbose_name_plural = _("glossary entries")
        ordering = ["-since", "-pk"]
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["language", "letter", "sort_name", "id"],
                condition=models.Q(ended_at=None),
                name="entry_by_letter",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="one_current_entry_per_term",
                fields=["term"],
                condition=models.Q(ended_at=None),
            ),
            models.UniqueConstraint(
                name="one_current_entry_per_address",
                fields=["language", "slug"],
                condition=models.Q(ended_at=None),
            ),
            models.CheckConstraint(
                name="entry_checked_by_a_doctor_or_a_sample",
                condition=models.Q(
                    doctor__isnull=False,
                    checked_by__isnull=False,
                    reviewed_date__isnull=False,
                    next_due_date__isnull=False,
                    next_due_date__gte=models.F("reviewed_date"),
                )
                | models.Q(
                    is_sample=True,
                    doctor=None,
                    checked_by=None,
                    reviewed_date=None,
                    next_due_date=None,
                ),
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry; raise TypeError for one that is there already."""
        if not self._state.adding:
            raise TypeError("An entry never changes: check the term anew.")
        self.sort_name = sort_key(self.name, self.language)
        self.letter = letter_of(self.sort_name or OTHERS)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return self.address(on_one_page=fits_on_one_page(self.language))

    def address(self, *, on_one_page: bool) -> str:
        """Return its place on the page of the whole glossary, or of its letter."""
        with override(self.language):
            page = (
                reverse("articles:glossary")
                if on_one_page
                else reverse("articles:glossary_letter", args=[self.letter])
            )
        return f"{page}#{self.slug}"

    def is_overdue(self, practice: Practice) -> bool:
        """Whether readers have to be told: due, and the practice's grace is over."""
        if self.next_due_date is None:
            return False
        grace = timedelta(practice.review_grace_days)
        return timezone.localdate() > self.next_due_date + grace


def fits_on_one_page(language: str) -> bool:
    """Say whether the glossary of a language is short enough for one page."""

    def measured() -> bool:
        entries = Entry.objects.current().in_language(language).order_by()
        return not entries[PER_PAGE : PER_PAGE + 1].exists()

    return generation.keep(("glossary fits", language), measured)
