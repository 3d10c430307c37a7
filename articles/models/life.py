"""The life of an article: its steps, and what they change for readers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import reversion
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models.content import staff
from articles.models.edition import Change, Edition
from articles.models.review import Review
from articles.models.rules import Rules, State, Step
from clinic.models import User, Versioned

if TYPE_CHECKING:
    from articles.models.article import Article


class Life(Rules, Versioned):
    """The state of a working copy and the verbs that change it.

    Every verb takes the User who acts (None: the portal itself, by a command), locks
    the row, checks the rules of ``obstacles`` and raises ValidationError with every
    sentence that stands against it. So no form, action or command gets round a rule.
    """

    state = models.CharField(
        _("state"),
        max_length=10,
        choices=State.choices,
        default=State.DRAFT,
        editable=False,
    )
    step_note = models.TextField(_("note"), max_length=1000, blank=True, editable=False)
    step_by = staff(_("last step by"))
    step_at = models.DateTimeField(_("last step"), null=True, editable=False)
    edited_by = staff(_("last written by"))
    edited_at = models.DateTimeField(_("last written"), null=True, editable=False)
    submitted_by = staff(_("sent for review by"))
    signed_by = staff(_("signed by"))
    signed_at = models.DateTimeField(_("signed"), null=True, editable=False)
    signed_content = models.CharField(max_length=64, blank=True, editable=False)
    change_kind = models.CharField(
        _("what kind of change this is"),
        max_length=10,
        choices=Change.choices,
        default=Change.CONTENT,
        help_text=_(
            "A change of content tells readers “updated” and asks for a medical "
            "review. A correction of form, such as a typing mistake, does neither."
        ),
    )
    change_note = models.CharField(
        _("what has changed, for readers"),
        max_length=250,
        blank=True,
        help_text=_(
            "One plain sentence that stands under “What changed”, for example: The "
            "part on radiotherapy is new."
        ),
    )
    review_months = models.PositiveSmallIntegerField(
        _("months until the next review"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text=_("Empty: as for the topic, else as for the practice."),
    )
    first_review_date = models.DateField(
        _("first review due"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Proposed for what was published without a review."),
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_signed_by_somebody_at_some_time",
                condition=models.Q(signed_by=None, signed_at=None, signed_content="")
                | models.Q(signed_by__isnull=False, signed_at__isnull=False),
            ),
        ]

    # Verbs: what happens to an article in the practice.

    @contextmanager
    def _step(self, step: Step, by: User | None, note: str = "") -> Iterator[Article]:
        """Lock the row, refuse what the rules forbid, keep who did what and when."""
        with transaction.atomic():
            article: Any = (
                type(self)._default_manager.select_for_update().get(pk=self.pk)
            )
            obstacles = article.obstacles(step, by)
            if obstacles:
                raise ValidationError(obstacles)
            state = article.state
            yield article
            # What was asked for stays until the text takes its next step.
            if note or article.state != state:
                article.step_note, article.step_by = note, by
                article.step_at = timezone.now()
            if step != Step.REVIEW:  # it says nothing of the working copy
                # Whoever has its form open must not save over what has happened.
                article.version += 1
            article.save()
        self.refresh_from_db()

    def written(self, by: User | None) -> None:
        """Note that the working copy has changed, and keep it in the history.

        A signature on it is void: nobody has signed the text as it is now.
        """
        self.edited_by, self.edited_at = by, timezone.now()
        self.unsign()
        if self.state in {State.SIGNED, State.PUBLISHED}:
            self.state = State.DRAFT
        self.save()
        with reversion.create_revision():
            reversion.set_user(by)
            reversion.add_to_revision(self)

    def unsign(self) -> None:
        self.signed_by, self.signed_at, self.signed_content = None, None, ""

    def submit(self, *, by: User, note: str = "") -> None:
        """Send the working copy for review."""
        with self._step(Step.SUBMIT, by, note) as article:
            article.state, article.submitted_by = State.SUBMITTED, by

    def send_back(self, *, by: User, note: str) -> None:
        """Give it back to whoever sent it, with what has to be changed.

        What was signed without being sent goes back to whoever wrote it.
        """
        with self._step(Step.RETURN, by, note) as article:
            article.state = State.RETURNED
            article.submitted_by = article.submitted_by or article.edited_by
            article.unsign()

    def sign(self, *, by: User, note: str = "") -> None:
        """Put a doctor's name to the working copy as it is now."""
        with self._step(Step.SIGN, by, note) as article:
            article.state = State.SIGNED
            article.signed_by, article.signed_at = by, timezone.now()
            article.signed_content = article.fingerprint()

    def publish(self, *, by: User | None, at: datetime | None = None) -> Edition:
        """Make the signed working copy the edition that readers see from ``at`` on.

        ``at`` is aware, now by default. What was planned from that moment on is called
        off; what readers see until then stays.
        """
        with self._step(Step.PUBLISH, by) as article:
            edition = article._new_edition(by, at or timezone.now())
            if edition.change_kind == Change.CONTENT:
                signed: Any = article  # the rules ask for a signature
                Review.objects.of(edition, by=signed.signed_by, at=signed.signed_at)
            article._begin_next_change()
        return edition

    def publish_unreviewed(
        self, *, by: User | None = None, at: datetime | None = None,
        review_on: date | None = None,
    ) -> Edition:  # fmt: skip
        """Publish for the first time what no doctor of this portal has signed.

        For what comes from an older site: it stays "never reviewed", and ``review_on``
        proposes when that should end.
        """
        with self._step(Step.PUBLISH_UNREVIEWED, by) as article:
            article.unsign()
            edition = article._new_edition(by, at or timezone.now())
            article.first_review_date = review_on
            article._begin_next_change()
        return edition

    def withdraw(
        self,
        *,
        by: User | None = None,
        at: datetime | None = None,
        note: str = "",
        replaced_by: Article | None = None,
    ) -> None:
        """End what readers see at ``at`` (now by default) and all that is planned.

        ``note`` tells readers why, under the address of the article. With
        ``replaced_by`` that address leads to the other article instead.
        """
        with self._step(Step.WITHDRAW, by) as article:
            article._replace(replaced_by)
            article._withdraw(at or timezone.now(), note)

    def replace(self, *, by: User | None = None, with_: Article | None) -> None:
        """Let the addresses of a withdrawn article lead to another, or end that."""
        with self._step(Step.REPLACE, by) as article:
            article._replace(with_)

    def call_off(self, *, by: User | None) -> None:
        """Call off the planned edition and the planned end of the live one."""
        with self._step(Step.CALL_OFF, by) as article:
            planned = article.planned_edition()
            now = timezone.now()
            article.editions.call_off(now)
            live = article.current_edition(now)
            if live:
                article.editions.filter(pk=live.pk).update(
                    live_until=None, withdrawal_note=""
                )
            if planned and article.state == State.PUBLISHED:
                # Of several, the working copy holds the one that was made last.
                last: Any = article.editions.order_by("number").last()
                article._take_back(last)

    def review(self, *, by: User, outcome: str, note: str = "") -> Review:
        """Record that a doctor has checked what readers see now.

        To find the same of one edition twice on one day, by a second click, is to
        find it once.
        """
        with self._step(Step.REVIEW, by, note) as article:
            live: Any = article.current_edition()  # the rules ask for it
            latest = next(iter(live.reviews_of_content), None)
            if latest and latest.says_the_same(live, by, outcome, note):
                return latest
            review = Review.objects.of(
                live, by=by, at=timezone.now(), outcome=outcome, note=note
            )
            if outcome == Review.Outcome.WITHDRAW:
                article._replace(None)
                article._withdraw(timezone.now(), "")
            elif (
                outcome == Review.Outcome.NEEDS_CHANGES
                and article.state == State.PUBLISHED
            ):
                article.state = State.RETURNED
                article.submitted_by = live.written_by or by
        return review

    def restore(
        self, content: dict[str, Any], sources: list[dict[str, str]], *, by: User
    ) -> None:
        """Put an earlier text into the working copy; readers see nothing of it.

        ``content`` holds fields of the working copy, ``sources`` what an edition
        keeps of them.
        """
        with self._step(Step.RESTORE, by) as article:
            for name, value in content.items():
                setattr(article, name, value)
            article.use_sources(sources)
            article.written(by)

    def _new_edition(self, by: Any, at: datetime) -> Edition:
        self.editions.end_by(at)
        edition = self.next_edition(at)  # type: ignore[attr-defined]
        edition.published_by = by
        edition.save(force_insert=True)
        return edition

    def _begin_next_change(self) -> None:
        self.unsign()
        self.state, self.submitted_by = State.PUBLISHED, None
        self.change_kind, self.change_note = Change.CONTENT, ""

    def _withdraw(self, at: datetime, note: str) -> None:
        last = self.editions.shown().filter(live_from__lt=at).first()
        self.editions.end_by(at)
        if last:  # not one that had ended before, for a reason of its own
            self.editions.filter(pk=last.pk, live_until=at).update(withdrawal_note=note)

    def _replace(self, other: Article | None) -> None:
        problem = other and self.problem_with(other)  # type: ignore[attr-defined]
        if problem:
            raise ValidationError(problem)
        self.replaced_by = other

    def _take_back(self, planned: Edition) -> None:
        """Bring the signature back: the same text is signed and not yet published."""
        self.change_kind = planned.change_kind
        self.change_note = planned.change_note
        self.state = State.DRAFT
        if planned.signed_by_id and not self.differs_from(planned):
            self.signed_by, self.signed_at = planned.signed_by, planned.signed_at
            self.signed_content = self.fingerprint()
            self.state = State.SIGNED

    # Questions.

    def current_edition(self, at: datetime | None = None) -> Edition | None:
        """Return what readers see at that moment (aware, now by default)."""
        return self.editions.live(at).first()

    def planned_edition(self) -> Edition | None:
        """Return the next edition that readers do not see yet."""
        return self.editions.planned().first()

    def plans(self) -> list[tuple[datetime, Edition | None]]:
        """Return what is planned, the next first: editions with the moment they begin.

        None stands for a withdrawal. What ends as the next one begins is replaced.
        """
        now = timezone.now()
        shown = self.editions.shown().exclude(live_until__lte=now)
        begins = {edition.live_from: edition for edition in shown.defer("body")}
        ends = {edition.live_until for edition in begins.values()} - {None, *begins}
        moments = sorted(moment for moment in {*begins, *ends} if moment > now)
        return [(moment, begins.get(moment)) for moment in moments]

    def standing(self) -> str:
        """Return what a question about it is about: its version, and what readers see.

        What is planned begins by the clock: that changes no version.
        """
        live = self.current_edition()
        return f"{self.version}:{live.number if live else 0}"

    def fingerprint(self) -> str:
        """Return a digest of all that a signature covers: text, sources, what changed.

        SHA-256 in hexadecimal digits; two texts with the same one are the same.
        """
        content = self.copied() | {  # type: ignore[attr-defined]
            "sources": self.sources_as_list(),  # type: ignore[attr-defined]
            "change_kind": self.change_kind,
            "change_note": self.change_note,
        }
        if content["condition_id"] is None:
            # What was signed before there were conditions stays signed.
            del content["condition_id"]
        text = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    if TYPE_CHECKING:
        editions: Any
        sources: Any
        slug: Any
        replaced_by: Any

        def differs_from(self, edition: Edition) -> bool: ...

        def problems(self) -> list[str]: ...
