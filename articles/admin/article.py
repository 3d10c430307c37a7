"""Articles at the desk: write, preview, publish, withdraw."""

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from articles.models import Article, Source
from articles.proofreading import advice_on
from articles.views import article_context
from clinic.admin import (
    BoundedInline,
    BoundedSearch,
    PicturesOnlyOnSuccess,
    PlainForReaders,
)
from clinic.forms import (
    LabelledForm,
    PictureChoiceForm,
    PictureUploadField,
    VersionedForm,
)
from clinic.models import Doctor


class DoiField(forms.CharField):
    """A DOI; "doi:10.1234/x" and "https://doi.org/10.1234/x" are kept as 10.1234/x."""

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value) or ""
        return re.sub(r"(?i)^(https?://(dx\.)?doi\.org/|doi:\s*)", "", typed)


class SourceForm(LabelledForm):
    class Meta:
        model = Source
        fields = ["title", "url", "doi", "pmid", "position"]
        field_classes = {"doi": DoiField}


class SourceInline(BoundedInline, admin.StackedInline):
    model = Source
    form = SourceForm
    extra = 0
    fields = ["title", "url", ("doi", "pmid"), "position"]


class ArticleForm(VersionedForm, PictureChoiceForm, LabelledForm):
    picture_upload = PictureUploadField(
        required=False,
        label=_("or upload a picture"),
        help_text=_(
            "JPEG, PNG, WebP or AVIF, at most 25 MB and 40 million pixels. What the "
            "camera wrote into it, such as the place, is removed."
        ),
    )

    class Meta:
        model = Article
        exclude: list[str] = []
        widgets = {
            "title": forms.TextInput(attrs={"class": "vLargeTextField"}),
            "summary": forms.Textarea(attrs={"rows": 3, "cols": 80}),
            "key_phrases": forms.Textarea(attrs={"rows": 4, "cols": 40}),
        }


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
            "draft": {"edition_count": 0},
            "live": {"live_from__isnull": False},
            "withdrawn": {"edition_count__gt": 0, "live_from__isnull": True},
        }
        return queryset.filter(**conditions.get(self.value() or "", {}))


@admin.register(Article)
class ArticleAdmin(PicturesOnlyOnSuccess, BoundedSearch, PlainForReaders):
    form = ArticleForm
    change_form_template = "admin/articles/article/change_form.html"
    # The form itself says where readers find it; a draft has no page on the site.
    view_on_site = False
    list_display = ["title", "state", "language", "topic", "author", "updated_at"]
    list_filter = [StateFilter, "language", "topic"]
    list_select_related = ["topic", "author"]
    list_per_page = 50
    search_fields = ["title", "summary", "key_phrases"]
    search_help_text = _("Searches titles, summaries and key phrases.")
    autocomplete_fields = ["picture", "translation_of"]
    prepopulated_fields = {"slug": ["title"]}
    inlines = [SourceInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "seen_version",
                    "language",
                    "title",
                    "slug",
                    "summary",
                    "body",
                ]
            },
        ),
        (_("Place and author"), {"fields": ["topic", "author", "translation_of"]}),
        (
            _("Picture"),
            {
                "fields": [
                    "picture_shown",
                    "picture",
                    "picture_upload",
                    "picture_alt",
                    "picture_decorative",
                    "picture_caption",
                    "picture_credit",
                ]  # fmt: skip
            },
        ),
        (_("More"), {"fields": ["key_phrases", "is_sample"]}),
    ]
    readonly_fields = ["picture_shown"]

    # Reading

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        # Counting the editions groups the rows, and that drops the model's order.
        return Article.objects.with_state().order_by("-updated_at", "-pk")

    @admin.display(description=_("state"))
    def state(self, article: Any) -> str:
        if article.live_from:
            return gettext("published")
        return (
            gettext("withdrawn")
            if article.edition_count
            else gettext("never published")
        )

    @admin.display(description=_("now"))
    def picture_shown(self, article: Article) -> str:
        if not article.picture:
            return gettext("No picture yet.")
        return format_html('<img class="shown" src="{}" alt="">', article.picture.src)

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> Any:
        """Offer only originals where a translation chooses what it translates."""
        if request.GET.get("field_name") == "translation_of":
            queryset = queryset.filter(translation_of=None)
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

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("articles.publish_article")

    def render_change_form(self, request: Any, context: Any, *args: Any, **kwargs: Any):
        article = kwargs.get("obj")
        live = article.live_edition() if article else None
        context |= {
            "live": live,
            "withdrawn": bool(article and not live and article.editions.exists()),
            "changed_since": bool(article and live and article.differs_from(live)),
            "may_publish": self.has_publish_permission(request),
        }
        return super().render_change_form(request, context, *args, **kwargs)

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
        # The page that asks before publishing says so itself.
        if advice and "_publish" not in request.POST:
            messages.warning(request, advice)
        if "_preview" in request.POST:
            return redirect("admin:articles_article_preview", article.pk)
        if "_publish" in request.POST:
            return redirect("admin:articles_article_publish", article.pk)
        if "_continue" in request.POST:
            live = article.live_edition()
            sentence = (
                gettext("Saved. Readers still see the edition published before.")
                if live
                else gettext("Saved as a draft. Readers do not see it yet.")
            )
            messages.success(request, sentence)
            return redirect("admin:articles_article_change", article.pk)
        return None

    # The life of an article

    def get_urls(self) -> list[Any]:
        steps: list[tuple[str, Callable]] = [
            ("preview", self.preview),
            ("publish", self.publish),
            ("withdraw", self.withdraw),
        ]
        return [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"articles_article_{name}",
            )
            for name, view in steps
        ] + super().get_urls()

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the working copy in the site's own template."""
        article = get_object_or_404(Article, pk=pk)
        if not self.has_view_or_change_permission(request, article):
            raise PermissionDenied
        context = {
            "preview": article,
            "preview_may_publish": self.has_publish_permission(request),
            "desk_language": request.LANGUAGE_CODE,
        }
        with override(article.language):
            context |= article_context(article.next_edition())
            return render(request, "articles/article.html", context)

    @transaction.atomic
    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then make the working copy the edition that readers see."""
        article = self.article_to_publish(request, pk)
        live = article.live_edition()
        problems = article.problems()
        if request.method == "POST" and not problems:
            if live and request.POST.get("live") != str(live.number):
                # A second click on the button, or a colleague was quicker.
                messages.info(request, gettext("It has just been published."))
                return redirect("admin:articles_article_change", pk)
            if request.POST.get("version") != str(article.version):
                messages.warning(
                    request,
                    gettext(
                        "The article was saved again after you opened this page. "
                        "Please look at it once more."
                    ),
                )
                return redirect("admin:articles_article_publish", pk)
            try:
                edition = article.publish(by=request.user)
            except ValidationError as error:
                problems = error.messages
            else:
                self.log_change(request, article, gettext("Published."))
                messages.success(
                    request,
                    format_html(
                        '{} <a href="{}">{}</a>',
                        gettext("Article published:"),
                        edition.get_absolute_url(),
                        edition.title,
                    ),
                )
                return redirect("admin:articles_article_change", pk)
        return self.confirm(
            request,
            article,
            template="publish.html",
            live=live,
            problems=problems,
            advice=advice_on(article.body),
            unchanged=bool(live and not article.differs_from(live)),
        )

    @transaction.atomic
    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then take the article off the site."""
        article = self.article_to_publish(request, pk)
        live = article.live_edition()
        if live is None:
            messages.info(request, gettext("The article is not published."))
            return redirect("admin:articles_article_change", pk)
        if request.method == "POST":
            article.withdraw()
            self.log_change(request, article, gettext("Withdrawn."))
            messages.success(
                request,
                gettext("Article withdrawn: “%(title)s”. Its address now says so.")
                % {"title": live.title},
            )
            return redirect("admin:articles_article_change", pk)
        return self.confirm(request, article, template="withdraw.html", live=live)

    def article_to_publish(self, request: HttpRequest, pk: int) -> Article:
        """Return the article, locked: what was confirmed is what is there."""
        article = get_object_or_404(Article.objects.select_for_update(), pk=pk)
        if not (
            self.has_change_permission(request, article)
            and self.has_publish_permission(request)
        ):
            raise PermissionDenied
        return article

    def confirm(
        self, request: HttpRequest, article: Article, *, template: str, **context: Any
    ) -> HttpResponse:
        return render(
            request,
            f"admin/articles/article/{template}",
            self.admin_site.each_context(request)
            | {
                "article": article,
                "opts": self.opts,
                "back": reverse("admin:articles_article_change", args=[article.pk]),
                **context,
            },
        )
