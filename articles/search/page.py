"""The page of results."""

import re
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.views.generic import TemplateView

from articles.search.finding import find
from articles.views import topics_with_articles
from clinic.edge.edge import COUNTED
from clinic.views import PublicPage


class Search(PublicPage, TemplateView):
    """Pages that answer ``?q=``, ten articles at a time (``?page=``)."""

    template_name = "articles/search.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what is found; let the edge count what is not."""
        language = get_language() or settings.LANGUAGE_CODE
        self.results = find(request.GET.get("q", ""), language)
        response = super().get(request, *args, **kwargs)
        is_first = self.request.GET.get("page", "") in {"", "1"}
        if self.results.in_vain and is_first:
            name = quote(f"{language} {self.results.in_vain}")
            response.headers[COUNTED] = f"unfound {name}"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = self.results.instead or self.results
        number = self.request.GET.get("page", "")
        page = int(number) if re.fullmatch("[1-9][0-9]?", number) else 1
        page = min(page, shown.pages)
        return super().get_context_data(
            results=self.results,
            shown=shown,
            hits=shown.hits(page),
            page=page,
            topics=SimpleLazyObject(topics_with_articles),
            searching=True,
            **kwargs,
        )
