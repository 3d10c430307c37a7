"""Who may take which step with an article, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.models import Practice, User

if TYPE_CHECKING:
    from articles.models.edition import Edition


class Step(models.TextChoices):
    """What can be done with an article, each by one button."""

    SUBMIT = "submit", _("Send for review")
    RETURN = "return", _("Send back")
    SIGN = "sign", _("Sign")
    PUBLISH = "publish", _("Publish")
    PUBLISH_UNREVIEWED = "publish-unreviewed", _("Publish without review")
    WITHDRAW = "withdraw", _("Withdraw")
    REPLACE = "replace", _("Say what replaces it")
    CALL_OFF = "call-off", _("Call off what is planned")
    REVIEW = "review", _("Review")
    RESTORE = "restore", _("Restore")
    ALIGN = "align", _("Brought up to date")


PERMISSIONS = {
    Step.SUBMIT: "articles.change_article",
    Step.RETURN: "articles.sign_article",
    Step.SIGN: "articles.sign_article",
    Step.PUBLISH: "articles.publish_article",
    Step.PUBLISH_UNREVIEWED: "articles.publish_article",
    Step.WITHDRAW: "articles.publish_article",
    Step.REPLACE: "articles.publish_article",
    Step.CALL_OFF: "articles.publish_article",
    Step.REVIEW: "articles.sign_article",
    Step.RESTORE: "articles.change_article",
    Step.ALIGN: "articles.change_article",
}

# What readers are to see has to be complete before somebody answers for it.
NEEDS_WHOLE_TEXT = {Step.SIGN, Step.PUBLISH, Step.PUBLISH_UNREVIEWED}


class State(models.TextChoices):
    """Where the working copy stands; what readers see is told by the editions."""

    DRAFT = "DRAFT", _("draft")
    SUBMITTED = "SUBMITTED", _("sent for review")
    RETURNED = "RETURNED", _("sent back")
    SIGNED = "SIGNED", _("signed")
    PUBLISHED = "PUBLISHED", _("nothing changed since publication")


class Rules:
    """The rules of the steps, for the working copy that they belong to."""

    if TYPE_CHECKING:
        state: Any
        edited_by_id: Any
        translation_of_id: Any
        signed_content: str
        editions: Any

        def problems(self) -> list[str]: ...

        def fingerprint(self) -> str: ...

        def current_edition(self) -> Edition | None: ...

        def planned_edition(self) -> Edition | None: ...

    def obstacles(self, step: Step, by: User | None) -> list[str]:
        """Say what keeps that person from that step now; empty means nothing."""
        rules = self.rules_against(step, by)
        if step in NEEDS_WHOLE_TEXT:
            rules += self.problems()
        return rules

    def rules_against(self, step: Step, by: User | None) -> list[str]:
        """Say which rules are against it, whatever the text says."""
        if by is not None and not by.has_perm(PERMISSIONS[step]):
            return [gettext("Your account may not do this.")]
        check = getattr(self, f"_against_{step.name.lower()}")
        return [sentence for sentence in check(by) if sentence]

    def _against_submit(self, by: User | None) -> Iterator[str]:
        yield self._unless_open_for_review(
            {State.DRAFT, State.RETURNED}, gettext("It waits for review already.")
        )

    def _against_return(self, by: User | None) -> Iterator[str]:
        if self.state not in {State.SUBMITTED, State.SIGNED}:
            yield gettext("It has not been sent for review.")

    def _against_sign(self, by: User | None) -> Iterator[str]:
        closed = self._unless_open_for_review(
            {State.DRAFT, State.RETURNED, State.SUBMITTED},
            gettext("It is signed already."),
        )
        yield closed
        writers = {None, by and by.pk}
        is_sent = self.state == State.SUBMITTED
        if not closed and not is_sent and self.edited_by_id not in writers:
            yield gettext(
                "Somebody else wrote it last: it can be signed once it has been "
                "sent for review."
            )
        yield from self._against_signature_of(by, self.edited_by_id)

    def _against_publish(self, by: User | None) -> Iterator[str]:
        if self.state != State.SIGNED:
            yield gettext("It is not signed: a doctor has to sign it first.")
        elif self.signed_content != self.fingerprint():
            yield gettext(
                "The text is no longer the one that was signed. Please send it back "
                "and have it signed again."
            )

    def _against_publish_unreviewed(self, by: User | None) -> Iterator[str]:
        if self.editions.exists():
            yield gettext(
                "There is an edition of it already: a new one has to be signed."
            )
        if self.state == State.RETURNED:
            yield gettext("A reviewer has sent it back.")
        yield self._against_own_work(by, self.edited_by_id)

    def _against_withdraw(self, by: User | None) -> Iterator[str]:
        if not self.current_edition() and not self.planned_edition():
            yield gettext("The article is not published.")

    def _against_replace(self, by: User | None) -> Iterator[str]:
        if self.current_edition():
            yield gettext(
                "Readers see it: please withdraw it first. That page asks what "
                "replaces it."
            )
        elif not self.editions.public().exists():
            yield gettext("Readers have never seen it: there is nothing to replace.")

    def _against_call_off(self, by: User | None) -> Iterator[str]:
        live = self.current_edition()
        if not self.planned_edition() and not (live and live.live_until):
            yield gettext("Nothing is planned for it.")

    def _against_review(self, by: User | None) -> Iterator[str]:
        live = self.current_edition()
        if live is None:
            yield gettext("Readers do not see it: there is nothing to review.")
            return
        yield from self._against_signature_of(by, live.written_by_id)

    def _against_restore(self, by: User | None) -> Iterator[str]:
        return iter(())

    def _against_align(self, by: User | None) -> Iterator[str]:
        if self.translation_of_id is None:
            yield gettext("It translates no other article.")

    def _unless_open_for_review(self, open_states: set[State], else_: str) -> str:
        """Say why this working copy is not one that waits for a review or a name."""
        if self.state in open_states:
            return ""
        if self.state != State.PUBLISHED:
            return else_
        # A withdrawn article comes back as it was, by the same way.
        if self.current_edition() or self.planned_edition():
            return gettext("Nothing has changed since it was published.")
        return ""

    def _against_signature_of(
        self, by: User | None, written_by: int | None
    ) -> Iterator[str]:
        if by is None or by.doctor_id is None:
            yield gettext(
                "Only a doctor signs, and your account is not linked to one. Whoever "
                "manages the accounts can link it."
            )
        yield self._against_own_work(by, written_by)

    def _against_own_work(self, by: User | None, written_by: int | None) -> str:
        """Say that four eyes are wanted, if they are and these are only two."""
        if not Practice.objects.row().four_eyes or written_by is None:
            return ""
        if by is not None and by.pk != written_by:
            return ""
        return gettext(
            "You wrote this last, and the practice asks for four eyes: somebody else "
            "has to sign it."
        )
