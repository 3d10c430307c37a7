"""The form of an article and of its sources."""

import re
from typing import Any

from django import forms
from django.utils.text import normalize_newlines, slugify
from django.utils.translation import gettext_lazy as _

from articles import history
from articles.models import Article, Related, Source
from clinic.forms import (
    ChoiceGroup,
    LabelledForm,
    PictureChoiceForm,
    PictureUploadField,
    VersionedForm,
)


class DoiField(forms.CharField):
    """A DOI; "doi:10.1234/x" and "https://doi.org/10.1234/x" are kept as 10.1234/x."""

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value) or ""
        return re.sub(r"(?i)^(https?://(dx\.)?doi\.org/|doi:\s*)", "", typed)


class LinesField(forms.CharField):
    """Plain lines with one kind of end: browsers send another than they were given."""

    def to_python(self, value: Any) -> str:
        return normalize_newlines(super().to_python(value) or "")


class SourceForm(LabelledForm):
    class Meta:
        model = Source
        fields = ["title", "url", "doi", "pmid", "position"]
        field_classes = {"doi": DoiField}


class RelatedForm(LabelledForm):
    class Meta:
        model = Related
        fields = ["other", "position"]


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
        fields = [
            "language", "title", "slug", "summary", "body", "change_kind",
            "change_note", "topic", "condition", "author", "translation_of", "picture",
            "picture_alt", "picture_decorative", "picture_caption", "picture_credit",
            "disclosure", "key_phrases", "is_sample", "review_months",
        ]  # fmt: skip
        field_classes = {"summary": LinesField, "key_phrases": LinesField}
        widgets = {
            "change_kind": ChoiceGroup,
            "title": forms.TextInput(attrs={"class": "vLargeTextField"}),
            "summary": forms.Textarea(attrs={"rows": 3, "cols": 80}),
            "key_phrases": forms.Textarea(attrs={"rows": 4, "cols": 40}),
        }

    # What is read aloud and spell-checked in the language of the article.
    WORDS = (*history.WORDS, "change_note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Mark words with their language; ask for a title that was only lent."""
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in {*self.WORDS} & {*self.fields}:
                self.fields[name].widget.attrs["lang"] = self.instance.language
        if self.instance.is_untitled and {"title", "slug"} <= {*self.fields}:
            self.initial.update(title="", slug="")
            self.fields["slug"].required = False

    def clean_slug(self) -> str:
        """Make the address of a translation from its title, if none was typed."""
        typed, title = self.cleaned_data["slug"], self.cleaned_data.get("title")
        if typed or not title:
            return typed
        language = self.cleaned_data.get("language") or self.instance.language
        return Article.objects.free_slug(language, slugify(title) or "page")

    conflict_message = _(
        "Somebody else has saved this article in the meantime. Nothing is lost: your "
        "text is still here, and both are compared below. Nothing has been saved yet."
    )

    def compare_with(self, stored: Article) -> None:
        super().compare_with(stored)
        self.seen_fingerprint = stored.fingerprint()

    def overwrites(self, stored: Article) -> bool:
        """Whether the person has seen what a colleague saved, and wants this text."""
        return self.data.get("overwrite") == str(stored.version)

    def typed(self) -> Article:
        """Return an article, never saved, with what stands in the refused form."""
        article = Article(pk=self.instance.pk)
        for name in self.Meta.fields:
            if name in self.cleaned_data:
                setattr(article, name, self.cleaned_data[name])
        return article
