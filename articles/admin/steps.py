"""The life of an article at the desk: each step asks once and says what it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from articles import history
from articles.admin.asking import AsksFirst
from articles.admin.forms import LinesField
from articles.models import Article, Edition, Review, Step
from articles.models.review import spread
from articles.models.rules import PERMISSIONS
from clinic import audit
from clinic.forms import WhenForm
from clinic.models import Practice
from clinic.templatetags.words import in_words, in_words_with_time


def note_field(label: Any, help_text: Any = "", *, required: bool = False) -> Any:
    return LinesField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
    )


class StepForm(forms.Form):
    """The form of a step; it knows the article that the step is about."""

    def __init__(self, *args: Any, article: Article, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.article = article


class SubmitForm(StepForm):
    note = note_field(
        _("Note for the reviewer"),
        _("For example what is new, or what you are not sure of."),
    )


class ReturnForm(StepForm):
    note = note_field(_("What has to be changed"), required=True)


class PublishForm(StepForm, WhenForm):
    pass


class ReplacementField(forms.ModelChoiceField):
    """Another article, found by typing its title."""

    def __init__(self, **kwargs: Any) -> None:
        field = Article._meta.get_field("replaced_by")
        super().__init__(
            Article.objects.defer(*Article.TEXTS),
            label=_("Replaced by"),
            required=False,
            widget=AutocompleteSelect(
                field, admin.site, attrs={"data-width": "min(100%, 36rem)"}
            ),
            **kwargs,
        )


class ReplaceForm(StepForm):
    replaced_by = ReplacementField(
        help_text=_(
            "Whoever opens the old address is led to this article, for ever. Empty: "
            "they read that the article was withdrawn."
        )
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["replaced_by"].initial = self.article.replaced_by_id

    def clean_replaced_by(self) -> Article | None:
        other: Article | None = self.cleaned_data["replaced_by"]
        problem = other and self.article.problem_with(other)
        if problem:
            raise ValidationError(problem)
        return other


class WithdrawForm(ReplaceForm, WhenForm):
    note = note_field(
        _("Explanation for readers"),
        _(
            "Stands under the address of the article, for example: The treatment "
            "described here is no longer given. May stay empty."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse an end after the one that is planned: it would not count."""
        cleaned = super().clean()
        moment = cleaned.get("moment")
        before = [at for at in self.article.plans() if moment and at[0] < moment]
        ends, edition = before[-1] if before else (None, None)
        if ends and edition is None:
            self.add_error(
                "moment",
                _(
                    "It is to be withdrawn on %(moment)s already. Please call that off "
                    "first."
                )
                % {"moment": in_words_with_time(ends)},
            )
        return cleaned


class ReviewForm(StepForm):
    """What a doctor found; "correct" has a button of its own and is not offered."""

    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=Review.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose an outcome.")},
    )
    note = note_field(
        _("What is wrong"),
        _("Who wrote the article reads it; readers do not."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        correct, *faults = Review.Outcome.choices
        self.fields["outcome"].widget.choices = faults

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        outcome = cleaned.get("outcome")
        if outcome and outcome != Review.Outcome.CORRECT and not cleaned.get("note"):
            self.add_error("note", _("Please say in a sentence what is wrong."))
        return cleaned


@dataclass(frozen=True)
class Page:
    """A step as a page: its question, its button, its form and its verb."""

    step: Step
    question: Any
    button: Any
    form: type[StepForm]
    act: Callable[[Article, Any, dict[str, Any]], Any]
    done: Callable[[Article, Any, dict[str, Any]], str]
    danger: bool = False


def linked(sentence: str, edition: Edition) -> str:
    return format_html(
        '{} <a href="{}">{}</a>', sentence, edition.get_absolute_url(), edition.title
    )


def published(article: Article, edition: Edition, data: dict[str, Any]) -> str:
    if edition.is_live():
        return linked(gettext("Article published:"), edition)
    moment = in_words_with_time(edition.live_from)
    return gettext(
        "Readers see edition %(number)s of “%(title)s” from %(moment)s on."
    ) % {"number": edition.number, "title": edition.title, "moment": moment}


def withdrawn(article: Article, nothing: Any, data: dict[str, Any]) -> str:
    if data["moment"]:
        return gettext("“%(title)s” will be withdrawn on %(moment)s.") % {
            "title": article.title,
            "moment": in_words_with_time(data["moment"]),
        }
    if data["replaced_by"]:
        return replaced(article, nothing, data)
    return gettext("Article withdrawn: “%(title)s”. Its address now says so.") % {
        "title": article.title
    }


def replaced(article: Article, nothing: Any, data: dict[str, Any]) -> str:
    if data["replaced_by"] is None:
        return gettext("The address of “%(title)s” says that it was withdrawn.") % {
            "title": article.title
        }
    return gettext("The address of “%(title)s” leads to “%(other)s”.") % {
        "title": article.title,
        "other": data["replaced_by"].title,
    }


def reviewed(article: Article, review: Review, data: dict[str, Any]) -> str:
    if review.outcome == Review.Outcome.CORRECT:
        return gettext("Review recorded. The next one is due on %(date)s.") % {
            "date": in_words(review.next_due_date)
        }
    if review.outcome == Review.Outcome.WITHDRAW:
        return gettext("Review recorded, and the article is withdrawn.")
    return gettext("Review recorded. Readers are told that this page is being revised.")


PAGES = [
    Page(
        Step.SUBMIT,
        _("Send this article for review?"),
        _("Send for review"),
        SubmitForm,
        lambda article, by, data: article.submit(by=by, note=data["note"]),
        lambda *_args: gettext("Sent for review. The reviewers find it at their desk."),
    ),
    Page(
        Step.RETURN,
        _("Send this article back?"),
        _("Send back"),
        ReturnForm,
        lambda article, by, data: article.send_back(by=by, note=data["note"]),
        lambda *_args: gettext("Sent back, with your note."),
    ),
    Page(
        Step.SIGN,
        _("Sign this article?"),
        _("Sign"),
        StepForm,
        lambda article, by, data: article.sign(by=by),
        lambda *_args: gettext("Signed. Readers see it once it is published."),
    ),
    Page(
        Step.PUBLISH,
        _("Publish this article?"),
        _("Publish"),
        PublishForm,
        lambda article, by, data: article.publish(by=by, at=data["moment"]),
        published,
    ),
    Page(
        Step.WITHDRAW,
        _("Withdraw this article?"),
        _("Withdraw"),
        WithdrawForm,
        lambda article, by, data: article.withdraw(
            by=by,
            at=data["moment"],
            note=data["note"],
            replaced_by=data["replaced_by"],
        ),
        withdrawn,
        danger=True,
    ),
    Page(
        Step.REPLACE,
        _("What replaces this article?"),
        _("Save"),
        ReplaceForm,
        lambda article, by, data: article.replace(by=by, with_=data["replaced_by"]),
        replaced,
    ),
    Page(
        Step.CALL_OFF,
        _("Call off what is planned?"),
        _("Call it off"),
        StepForm,
        lambda article, by, data: article.call_off(by=by),
        lambda *_args: gettext("Called off. Readers go on seeing what they see now."),
        danger=True,
    ),
    Page(
        Step.REVIEW,
        _("Is what readers see still correct?"),
        _("Record this review"),
        ReviewForm,
        lambda article, by, data: article.review(
            by=by, outcome=data["outcome"], note=data["note"]
        ),
        reviewed,
    ),
]


class LifeOfArticles(AsksFirst):
    """Adds a page for each step to the articles of the desk."""

    def get_urls(self) -> list[Any]:
        return [
            path(
                f"<int:pk>/{page.step.value}/",
                self.admin_site.admin_view(self.page_view(page)),
                name=f"articles_article_{page.step.value}",
            )
            for page in PAGES
        ] + super().get_urls()

    def page_view(self, page: Page) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            return self.step(request, pk, page)

        return view

    @transaction.atomic
    def step(self, request: HttpRequest, pk: int, page: Page) -> HttpResponse:
        """Ask, then do; what was confirmed is what is there."""
        # Locked: nobody can save between the question and the answer.
        rows = Article.objects.select_for_update()
        article = get_object_or_404(rows, pk=pk)
        if not self.has_view_or_change_permission(request, article):
            raise PermissionDenied
        if not request.user.has_perm(PERMISSIONS[page.step]):
            raise PermissionDenied
        obstacles = article.obstacles(page.step, request.user)  # type: ignore[arg-type]
        sent = request.method == "POST"
        if sent and not self.is_about_what_is_there(request, article):
            return self.too_late(request, article, page, obstacles)
        form = page.form(request.POST if sent else None, article=article)
        if sent and not obstacles and form.is_valid():
            return self.act(request, article, page, form)
        return self.ask(request, article, page, form, obstacles)

    def act(
        self, request: HttpRequest, article: Article, page: Page, form: forms.Form
    ) -> HttpResponse:
        try:
            result = page.act(article, request.user, form.cleaned_data)
        except ValidationError as refusal:
            return self.ask(request, article, page, form, refusal.messages)
        said = page.done(article, result, form.cleaned_data)
        with audit.meaning(page.step.name):
            self.log_change(request, article, self.log_of(page, form))
        messages.success(request, said)
        if page.step == Step.SIGN and "_publish" in request.POST:
            return redirect("admin:articles_article_publish", article.pk)
        return redirect("admin:articles_article_change", article.pk)

    def log_of(self, page: Page, form: forms.Form) -> str:
        """Name the step for the history, with its note and its moment."""
        data = form.cleaned_data
        details = [
            Review.Outcome(data["outcome"]).label if data.get("outcome") else "",
            in_words_with_time(data["moment"]) if data.get("moment") else "",
            data.get("note", ""),
            data["replaced_by"].title if data.get("replaced_by") else "",
        ]
        return ": ".join([str(page.step.label), *map(str, filter(None, details))])

    def too_late(
        self, request: HttpRequest, article: Article, page: Page, obstacles: list[str]
    ) -> HttpResponse:
        """A second click on the button, or a colleague was quicker."""
        self.warn_of_change(request)
        step = "change" if obstacles else page.step.value
        return redirect(f"admin:articles_article_{step}", article.pk)

    def ask(
        self,
        request: HttpRequest,
        article: Article,
        page: Page,
        form: forms.Form,
        obstacles: list[str],
    ) -> HttpResponse:
        live = article.current_edition()
        compared_with: Any = article.planned_edition() or live
        changes = page.step in {Step.SUBMIT, Step.SIGN, Step.PUBLISH} and compared_with
        return self.confirm(
            request,
            article,
            f"steps/{page.step.value}.html",
            page=page,
            form=form,
            obstacles=obstacles,
            live=live,
            plans=article.plans(),
            next=article.next_edition(),
            own_work=article.edited_by_id == request.user.pk,
            review=live and live.last_review,
            changes=changes
            and history.differences(
                history.of_edition(compared_with), history.working_copy(article)
            ),
            compared_with=compared_with,
        )

    # Publishing many at once, for what comes from an older site

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("articles.publish_article")

    @admin.action(
        description=_("Publish for the first time, without a review …"),
        permissions=["publish"],
    )
    def publish_unreviewed(
        self, request: HttpRequest, queryset: QuerySet[Article]
    ) -> HttpResponse | None:
        """Ask, then publish one by one; what is refused is named with its reason."""
        articles = list(Article.objects.filter(pk__in=queryset.values("pk")))
        by: Any = request.user
        refused = {
            article: reasons
            for article in articles
            if (reasons := article.obstacles(Step.PUBLISH_UNREVIEWED, by))
        }
        ready = [article for article in articles if article not in refused]
        if "confirmed" not in request.POST:
            return render(
                request,
                "admin/articles/article/publish_many.html",
                self.admin_site.each_context(request)
                | {
                    "opts": self.opts,
                    "ready": ready,
                    "refused": refused.items(),
                    "chosen": articles,
                    "months": Practice.objects.row().review_months,
                },
            )
        for article, reasons in refused.items():
            messages.error(request, f"{article.title}: {' '.join(reasons)}")
        self.publish_many(request, ready)
        return None

    def publish_many(self, request: HttpRequest, ready: list[Article]) -> None:
        months = Practice.objects.row().review_months
        days = spread(len(ready), timezone.localdate(), months)
        count = 0
        for article, day in zip(ready, days, strict=True):
            try:
                article.publish_unreviewed(by=request.user, review_on=day)  # type: ignore[arg-type]
            except ValidationError as refusal:
                reasons = " ".join(refusal.messages)
                messages.error(request, f"{article.title}: {reasons}")
                continue
            with audit.meaning(Step.PUBLISH_UNREVIEWED.name):
                self.log_change(request, article, str(Step.PUBLISH_UNREVIEWED.label))
            count += 1
        if count:
            messages.success(
                request,
                ngettext(
                    "%(count)s article published, never reviewed.",
                    "%(count)s articles published, never reviewed.",
                    count,
                )
                % {"count": count},
            )
