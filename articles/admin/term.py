"""The glossary at the desk."""

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles import desk
from articles.admin.forms import LinesField
from articles.models import Entry, Term
from clinic import audit
from clinic.admin import BoundedList, PlainForReaders
from clinic.forms import LabelledForm, VersionedForm
from clinic.templatetags.words import in_words

MOST_SYNONYMS = 20
EARLIER = 10


class SentenceField(forms.CharField):
    """A text in one line, however it was typed."""

    def to_python(self, value: Any) -> str:
        return " ".join((super().to_python(value) or "").split())


class TermForm(VersionedForm, LabelledForm):
    class Meta:
        model = Term
        fields = [
            "language", "name", "slug", "definition", "synonyms", "pronunciation",
            "translation_of",
        ]  # fmt: skip
        field_classes = {
            "name": SentenceField,
            "definition": SentenceField,
            "synonyms": LinesField,
        }
        widgets = {
            "name": forms.TextInput(attrs={"class": "vTextField"}),
            "definition": forms.Textarea(attrs={"rows": 4, "cols": 80}),
            "synonyms": forms.Textarea(attrs={"rows": 4, "cols": 40}),
        }

    def clean_synonyms(self) -> str:
        lines = [" ".join(x.split()) for x in self.cleaned_data["synonyms"].split("\n")]
        lines = list(dict.fromkeys(filter(None, lines)))
        if len(lines) > MOST_SYNONYMS:
            raise ValidationError(
                _("At most %(number)s synonyms, please.") % {"number": MOST_SYNONYMS}
            )
        return "\n".join(lines)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        name, synonyms = (self.cleaned_data.get(f) for f in ("name", "synonyms"))
        for word in [name, *(synonyms or "").split("\n")]:
            other = word and self.explained_elsewhere(word)
            if other:
                self.add_error(
                    "name" if word == name else "synonyms",
                    ValidationError(
                        _("“%(word)s” is explained under “%(name)s” already.")
                        % {"word": word, "name": other.name}
                    ),
                )
        return cleaned

    def explained_elsewhere(self, word: str) -> Term | None:
        """Return another term of the language that explains the same word."""
        others = Term.objects.filter(
            Q(name__iexact=word) | Q(synonyms__icontains=word),
            language=self.cleaned_data.get("language"),
        ).exclude(pk=self.instance.pk)
        folded = word.casefold()
        return next(
            (t for t in others if folded in {n.casefold() for n in t.names}), None
        )


class WaitingFilter(admin.SimpleListFilter):
    """What waits for whoever looks, in the words of the desk's first page."""

    title = _("what waits for you")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (word.code, word.label)
            for word in desk.TERM_WORDS
            if request.user.has_perm(word.permission)
        ]

    def queryset(self, request: Any, queryset: Any) -> QuerySet:
        for word in desk.TERM_WORDS:
            if word.code == self.value() and request.user.has_perm(word.permission):
                return word.choose(queryset, request.user)
        return queryset


@admin.register(Term)
class TermAdmin(BoundedList, PlainForReaders):
    form = TermForm
    change_form_template = "admin/articles/term/change_form.html"
    view_on_site = False
    list_display = ["name", "language", "state_in_words", "review_in_words"]
    list_filter = [WaitingFilter, "language"]
    search_fields = ["name", "synonyms", "definition"]
    autocomplete_fields = ["translation_of"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["seen_version", *TermForm.Meta.fields]
    actions = None

    # Reading

    def get_queryset(self, request: HttpRequest) -> QuerySet[Term]:
        """Add what the list tells of what readers find."""
        current = Entry.objects.current().filter(term=OuterRef("pk"))
        same = current.filter(**{name: OuterRef(name) for name in Term.COPIED})
        return (
            super()
            .get_queryset(request)
            .annotate(
                entry=Subquery(current.values("pk")[:1]),
                same_entry=Subquery(same.values("pk")[:1]),
                reviewed_date=Subquery(current.values("reviewed_date")[:1]),
                due_date=Subquery(current.values("next_due_date")[:1]),
            )
        )

    @admin.display(description=_("state"))
    def state_in_words(self, term: Any) -> str:
        if term.entry is None:
            return gettext("not before readers")
        if term.same_entry is None:
            return gettext("before readers, changed since")
        return gettext("before readers")

    @admin.display(description=_("check"), ordering="due_date")
    def review_in_words(self, term: Any) -> str:
        if term.reviewed_date is None:
            return gettext("never checked")
        return gettext("due %(date)s") % {"date": in_words(term.due_date)}

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> Any:
        """Offer only originals where a translation chooses what it translates."""
        if request.GET.get("field_name") == "translation_of":
            queryset = queryset.filter(translation_of=None)
        return super().get_search_results(request, queryset, search_term)

    def render_change_form(
        self, request: Any, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        term = kwargs.get("obj")
        by: Any = request.user
        context["may_check"] = by.has_perm("articles.check_term") and by.doctor_id
        if term:
            entries = list(term.entries.select_related("doctor")[: EARLIER + 1])
            current = next((e for e in entries if e.ended_at is None), None)
            context |= {
                "entry": current,
                "entry_differs": current and term.differs_from(current),
                "earlier": [e for e in entries if e.ended_at is not None],
                "may_take_back": by.has_perm("articles.check_term") and current,
                "translate_into": self.languages_without(term),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def languages_without(self, term: Term) -> list[tuple[str, Any, int]]:
        """Return each language that has no such term, and the original to translate."""
        original = term.translation_of_id or term.pk
        group = Term.objects.filter(Q(pk=original) | Q(translation_of=original))
        taken = set(group.values_list("language", flat=True))
        languages: Any = Term._meta.get_field("language").flatchoices
        return [(code, name, original) for code, name in languages if code not in taken]

    # Writing

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin in the desk's language; a word to explain brings its address."""
        initial = super().get_changeform_initial_data(request)
        if not re.fullmatch(r"[0-9]{1,18}", str(initial.get("translation_of", ""))):
            initial.pop("translation_of", None)
        return {
            "language": request.LANGUAGE_CODE,
            "slug": slugify(str(initial.get("name", ""))),
        } | initial

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What readers have found is taken out of the glossary, not deleted."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.entries.exists())

    def save_model(self, request: Any, obj: Term, form: Any, change: bool) -> None:
        if not change or set(form.changed_data) & set(Term.COPIED):
            obj.edited_by = request.user
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Term, post_url_continue: Any = None
    ) -> HttpResponse:
        if "_popup" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        return self.saved(request, obj)

    def response_change(self, request: HttpRequest, obj: Term) -> HttpResponse:
        return self.saved(request, obj)

    def saved(self, request: Any, term: Term) -> HttpResponse:
        """After saving, take the step of the pressed button and say what is so now."""
        if "_take_back" in request.POST:
            return self.take_back(request, term)
        if "_check" in request.POST:
            try:
                checked = term.check_definition(by=request.user)
            except ValidationError as refusal:
                messages.success(request, gettext("Saved."))
                for sentence in refusal.messages:
                    messages.error(request, sentence)
                return redirect("admin:articles_term_change", term.pk)
            with audit.meaning("CHECK"):
                self.log_change(request, term, gettext("Definition checked."))
            self.say(request, gettext("Checked. Readers find it here:"), checked)
            return redirect("admin:articles_term_changelist")
        entry = term.current_entry()
        if entry is None:
            messages.success(
                request,
                gettext(
                    "Saved. Readers do not find it yet: a doctor has to check the "
                    "definition."
                ),
            )
        elif term.differs_from(entry):
            sentence = gettext(
                "Saved. Until a doctor has checked the new words, readers still find "
                "the earlier ones:"
            )
            self.say(request, sentence, entry)
        else:
            self.say(request, gettext("Saved. Readers find it here:"), entry)
        if "_continue" in request.POST:
            return redirect("admin:articles_term_change", term.pk)
        return redirect("admin:articles_term_changelist")

    def say(self, request: HttpRequest, sentence: str, entry: Entry) -> None:
        link = '{} <a href="{}">{}</a>'
        address = entry.get_absolute_url()
        messages.success(request, format_html(link, sentence, address, entry))

    def take_back(self, request: HttpRequest, term: Term) -> HttpResponse:
        if not request.user.has_perm("articles.check_term"):
            raise PermissionDenied
        term.take_back()
        with audit.meaning("TAKE_BACK"):
            self.log_change(request, term, gettext("Taken out of the glossary."))
        messages.success(
            request,
            gettext("Readers do not find “%(name)s” any longer.") % {"name": term.name},
        )
        return redirect("admin:articles_term_change", term.pk)
