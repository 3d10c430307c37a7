"""A02: a field for the address of a page takes the address of a page."""

import re

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models

NO_PAGES = [
    "javascript:alert(1)", "JaVa\tScript:alert(1)", " javascript:alert(1)//https://x",
    "javascript://example.org/%0aalert(1)", "data:text/html,<script>", "vbscript:x",
    "data: \n text/html;base64,PHNjcmlwdD4=", "&#106;avascript:alert(1)", "//evil",
    "\\\\evil.example", "/\\evil.example", "ftp://example.org/", "file:///etc/passwd",
    "https:evil.example",
    "https://example.org\r\nSet-Cookie: x=1", "https://example.org/\0", "jar:https://x!/",
]  # fmt: skip


@pytest.mark.parametrize("typed", NO_PAGES)
def test_a02_every_field_for_an_address_takes_web_pages_only(typed):
    fields = [
        field
        for app in ("articles", "clinic")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.URLField)
    ]
    assert {field.name for field in fields} >= {"url", "professional_rules_url"}

    for field in fields:
        try:
            taken = field.clean(field.formfield().clean(typed), None)
        except ValidationError:
            continue
        # What has no scheme is a page under that name, and leads nowhere else.
        assert re.match(r"https?://[^/\\]", taken), field
        assert not re.search(r"\s", taken), field
