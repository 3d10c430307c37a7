"""Every page of the desk speaks both languages, what libraries say on it included."""

import re

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import reverse

from articles.models import Wording
from tests import factories
from tests.clinic.test_admin import parsed

pytestmark = pytest.mark.django_db

# Names, and words that both languages share.
ALIKE = {
    "DOI", "DOI:", "Hindi", "Link", "Link:", "PMID", "PMID:", "Password:", "Privacy",
    "PubMed", "file:", "manager", "password", "reviewer", "writer",
}  # fmt: skip


def told(page):
    """Every text of the page, and what is read aloud; not what somebody typed."""
    for tag in page.css("script, style, option, textarea, [lang]:not(html)"):
        tag.decompose()
    texts = {node.text(deep=False).strip() for node in page.css("body *")}
    for name in ("aria-label", "title", "placeholder"):
        texts |= {tag.attributes[name] or "" for tag in page.css(f"body [{name}]")}
    texts |= {tag.attributes["value"] or "" for tag in page.css("[type=submit][value]")}
    return {text for text in texts if re.search(r"[^\W\d_]{3,}", text)}


def pages_of_the_desk():
    yield reverse("admin:index")
    yield reverse("admin:password_change")
    for model, desk in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        if "add" in model._meta.default_permissions:
            yield reverse(f"{name}_add")
        row = desk.model._default_manager.first()
        if row is not None:
            yield reverse(f"{name}_change", args=[row.pk])
            yield reverse(f"{name}_history", args=[row.pk])


def test_the_desk_says_nothing_in_one_language_only(staff, practice):
    article = factories.SourceFactory(title="0", url="").article
    factories.publish(article)
    Wording.objects.all().delete()  # each is of one language
    # What is refused on the way becomes a line of the log, with a page of its own.
    staff.get(reverse("admin:clinic_practice_add"))
    addresses = list(pages_of_the_desk())
    said = {}
    for language in ("en", "it"):
        staff.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        for address in addresses:
            response = staff.get(address, follow=True)
            if response.status_code == 200:
                said.setdefault(address, []).append(told(parsed(response)))

    same = set().union(*(one & other for one, other in said.values()))

    typed = re.compile(r"(?:› \n)*(?:› )?(?:Article|Dr\.|topic-|user|writer)\W*\w*")
    assert [text for text in same - ALIKE if not typed.fullmatch(text)] == []
