"""Articles at the desk: the form, the list and the preview."""

import re
from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from articles import desk, history
from articles.admin.forms import ArticleForm
from articles.admin.history import HistoryOfArticles
from articles.admin.rows import (
    RelatedInline,
    RowsOfArticles,
    SourceInline,
    sources_typed,
)
from articles.admin.steps import LifeOfArticles
from articles.admin.translations import TranslationsOfArticles
from articles.advice import Advice
from articles.models import Article, State, Step
from articles.proofreading import advice_on
from articles.views import article_context
from clinic.admin import (
    BoundedList,
    PicturesOnlyOnSuccess,
    PlainForReaders,
)
from clinic.models import Doctor, Practice
from clinic.templatetags.words import in_words


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("draft", _("never published")),
            ("live", _("published")),
            ("withdrawn", _("withdrawn")),
        ]

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        conditions: dict[str, dict[str, Any]] = {
            "draft": {"has_editions": False},
            "live": {"live_from__isnull": False},
            "withdrawn": {"has_editions": True, "live_from__isnull": True},
        }
        return queryset.filter(**conditions.get(self.value() or "", {}))


class WaitingFilter(admin.SimpleListFilter):
    """What waits for whoever looks, in the words of the desk's first page."""

    title = _("what waits for you")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (word.code, word.label)
            for word in desk.WORDS
            if request.user.has_perm(word.permission)
        ]

    def queryset(self, request: Any, queryset: Any) -> QuerySet:
        word = desk.BY_CODE.get(self.value() or "")
        if word is None or not request.user.has_perm(word.permission):
            return queryset
        return word.choose(queryset, request.user)


@admin.register(Article)
class ArticleAdmin(
    LifeOfArticles,
    HistoryOfArticles,
    TranslationsOfArticles,
    RowsOfArticles,
    PicturesOnlyOnSuccess,
    BoundedList,
    PlainForReaders,
):
    form = ArticleForm
    change_form_template = "admin/articles/article/change_form.html"
    change_list_template = "admin/articles/article/change_list.html"
    # The form itself says where readers find it; a draft has no page on the site.
    view_on_site = False
    actions = ["publish_unreviewed"]
    list_display = [
        "title", "state_in_words", "language", "topic", "author", "review_in_words",
        "updated_at",
    ]  # fmt: skip
    list_filter = [WaitingFilter, StateFilter, "language", "topic"]
    list_select_related = ["topic", "author"]
    search_fields = ["title", "summary", "key_phrases"]
    search_help_text = _("Searches titles, summaries and key phrases.")
    autocomplete_fields = ["condition", "picture", "translation_of"]
    prepopulated_fields = {"slug": ["title"]}
    inlines = [SourceInline, RelatedInline]
    readonly_fields = ["picture_shown"]

    # Reading

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        return Article.objects.with_state()

    def all_fieldsets(self, request: HttpRequest, obj: Any) -> Any:
        """Ask what has changed only where readers know an earlier text."""
        text = ["seen_version", "language", "title", "slug", "summary", "body"]
        picture = [
            "picture_shown", "picture", "picture_upload", "picture_alt",
            "picture_decorative", "picture_caption", "picture_credit",
        ]  # fmt: skip
        parts: list[tuple[Any, list[str]]] = [(None, text)]
        if obj and obj.has_editions:
            parts.append((_("What has changed"), ["change_kind", "change_note"]))
        parts += [
            (_("Place and author"), ["topic", "condition", "author", "translation_of"]),
            (_("Picture"), picture),
            (_("More"), ["key_phrases", "disclosure", "review_months", "is_sample"]),
        ]
        return [(name, {"fields": fields}) for name, fields in parts]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """How often an article is reviewed is for those who review."""
        fields = list(super().get_readonly_fields(request, obj))
        if not request.user.has_perm("articles.sign_article"):
            fields.append("review_months")
        return fields

    @admin.display(description=_("state"))
    def state_in_words(self, article: Any) -> str:
        """Say what readers see, and where the working copy stands beside it."""
        if article.live_from:
            public = gettext("published")
        elif article.planned_from:
            public = gettext("planned")
        elif article.has_editions:
            public = gettext("withdrawn")
        else:
            public = gettext("never published")
        waiting = {
            State.SUBMITTED: gettext("sent for review"),
            State.RETURNED: gettext("sent back"),
            State.SIGNED: gettext("signed"),
            State.DRAFT: gettext("being changed") if article.has_editions else "",
        }
        return ", ".join(filter(None, [public, waiting.get(article.state, "")]))

    @admin.display(description=_("review"), ordering="due_date")
    def review_in_words(self, article: Any) -> str:
        if not article.live_from:
            return "–"
        due = article.due_date and in_words(article.due_date)
        if article.reviewed_date is None:
            never = gettext("never reviewed")
            if not due:
                return never
            return gettext("never reviewed, due %(date)s") % {"date": due}
        return gettext("due %(date)s") % {"date": due}

    @admin.display(description=_("now"))
    def picture_shown(self, article: Article) -> str:
        if not article.picture:
            return gettext("No picture yet.")
        return format_html('<img class="shown" src="{}" alt="">', article.picture.src)

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> Any:
        """Offer only originals to translations, and to old addresses what is live."""
        asking = request.GET.get("model_name"), request.GET.get("field_name")
        if asking == ("article", "translation_of"):
            queryset = queryset.filter(translation_of=None)
        elif asking in {("article", "replaced_by"), ("redirect", "article")}:
            queryset = queryset.filter(live_from__isnull=False)
        return super().get_search_results(request, queryset, search_term)

    # Writing

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin in the desk's language; take only keys for the search fields."""
        initial = super().get_changeform_initial_data(request)
        doctors = Doctor.objects.values_list("pk", flat=True)[:2]
        return {
            # People write in the language they read; and where there is one doctor …
            "language": request.LANGUAGE_CODE,
            "author": doctors[0] if len(doctors) == 1 else None,
        } | {
            name: value
            for name, value in initial.items()
            if name not in self.autocomplete_fields
            or re.fullmatch(r"[0-9]{1,18}", str(value))
        }

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What readers have seen is withdrawn, not deleted."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.editions.exists())

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Whoever links a translation means what its original says now."""
        if "translation_of" in form.changed_data:
            obj.link(obj.translation_of)
        super().save_model(request, obj, form, change)

    def save_related(
        self, request: Any, form: Any, formsets: Any, change: bool
    ) -> None:
        """Note who wrote, once everything is saved and if anything has changed."""
        article = form.instance
        super().save_related(request, form, formsets, change)
        if not change or article.fingerprint() != form.seen_fingerprint:
            article.written(request.user)

    def log_change(self, request: Any, obj: Any, message: Any) -> Any:
        """Keep no line in the history for a save that changed nothing."""
        return super().log_change(request, obj, message) if message else None

    def render_change_form(
        self, request: Any, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        article = kwargs.get("obj")
        context |= self.state_context(request, article)
        if article:
            context |= self.translation_context(request, article)
            if article.bears_title_of_original():
                # Two windows side by side need names of their own.
                language = article.get_language_display()
                context["subtitle"] = f"{article.title} ({language})"
        context["advice"] = Advice.on(article) if article else None
        refused = context["adminform"].form
        theirs = getattr(refused, "conflict", None)
        if theirs:
            # Both texts, so that nobody has to look for the other one.
            context["theirs"] = theirs
            typed = replace(
                history.working_copy(refused.typed()),
                sources=sources_typed(context["inline_admin_formsets"]),
            )
            context["changes"] = history.differences(
                history.working_copy(theirs), typed
            )
        return super().render_change_form(request, context, *args, **kwargs)

    def state_context(
        self, request: HttpRequest, article: Article | None
    ) -> dict[str, Any]:
        """What the page tells of the article's life, and the steps it offers."""
        by: Any = request.user
        if article is None:
            added = Article.objects.filter(edited_by=by).order_by("-pk").first()
            return {
                "steps": self.steps_after_saving(by, Article()),
                # What the browser kept of a new article is in the database by now.
                "last_added": added and f"{added.language}:{added.slug}",
            }
        live, planned = article.current_edition(), article.planned_edition()
        return {
            "live": live,
            "planned": planned,
            "plans": article.plans(),
            "withdrawn": not live and article.editions.public().exists(),
            "replacement": None if live else article.replacement(),
            "review": live and live.last_review,
            "steps": self.steps_after_saving(by, article),
            "at_once": [
                step
                for step in (
                    Step.PUBLISH, Step.REVIEW, Step.RETURN, Step.REPLACE,
                    Step.CALL_OFF, Step.WITHDRAW,
                )
                if not article.rules_against(step, by)
            ],
        }  # fmt: skip

    def steps_after_saving(self, by: Any, article: Article) -> list[Step]:
        """Return the steps that begin with saving the form.

        Words typed into an article that waits for nothing make it a draft again, so
        its steps are those of a draft.
        """
        if article.state == State.PUBLISHED:
            article = Article(pk=article.pk, edited_by=by)
        steps = (Step.SUBMIT, Step.SIGN)
        return [step for step in steps if not article.rules_against(step, by)]

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: Any = None
    ) -> HttpResponse:
        return self.next_step(request, obj) or super().response_add(
            request, obj, post_url_continue
        )

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self.next_step(request, obj) or super().response_change(request, obj)

    def next_step(self, request: HttpRequest, article: Article) -> HttpResponse | None:
        """After saving, go where the pressed button leads."""
        advice = advice_on(article.body)
        if advice:
            messages.warning(request, advice)
        if "_preview" in request.POST:
            return redirect("admin:articles_article_preview", article.pk)
        for step in (Step.SUBMIT, Step.SIGN):
            if f"_{step.value}" in request.POST:
                return redirect(f"admin:articles_article_{step.value}", article.pk)
        if "_align" in request.POST:
            self.record_alignment(request, article, as_read=False)
        if {"_continue", "_align"} & set(request.POST):
            sentence = (
                gettext("Saved. Readers still see the edition published before.")
                if article.current_edition()
                else gettext("Saved as a draft. Readers do not see it yet.")
            )
            messages.success(request, sentence)
            return redirect("admin:articles_article_change", article.pk)
        return None

    # Looking

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/preview/", wrap(self.preview), name="articles_article_preview"
            ),
            path("advice/", wrap(self.advice), name="articles_article_advice"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the working copy in the site's own template."""
        article = get_object_or_404(Article, pk=pk)
        if not self.has_view_or_change_permission(request, article):
            raise PermissionDenied
        context = {
            "preview": article,
            "preview_steps": self.steps_after_saving(request.user, article),
            "advice": Advice.on(article),
            "desk_language": request.LANGUAGE_CODE,
        }
        with override(article.language):
            practice = Practice.objects.current()
            context |= article_context(article.next_edition(), practice)
            return render(request, "articles/article.html", context)

    def advice(self, request: HttpRequest) -> HttpResponse:
        """Say what could be better in what is being typed, without saving it."""
        if not (
            self.has_change_permission(request) or self.has_add_permission(request)
        ):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return render(
            request,
            "admin/articles/article/advice.html",
            {"advice": Advice.of_typed(request.POST)},
        )
