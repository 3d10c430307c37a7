"""Where the pictures of links are asked for; ``banner`` paints them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext

from articles.banner import banner
from articles.views import OfTopic, by_key, ending, live_editions, topics
from clinic.models import Practice
from clinic.views import PublicPage


class Banner(PublicPage):
    """The picture of the site for links to it; see ``articles.banner``."""

    def get(self, request: HttpRequest, **kwargs: str) -> HttpResponse:
        self.practice = Practice.objects.current()
        name = self.practice.name or gettext("Medical practice")
        title, above = self.words()
        painted = banner(title, above, name, str(self.practice.tagline or ""))
        return HttpResponse(painted, content_type="image/png")

    def words(self) -> tuple[str, str]:
        """Return the large line and the small one above it."""
        return gettext("What would you like to understand?"), ""


class TopicBanner(OfTopic, Banner):
    moved_to = "articles:topic_banner"

    def words(self) -> tuple[str, str]:
        return str(self.topic.name), gettext("Articles")


class ArticleBanner(Banner):
    """Of live articles only: of what is withdrawn not even the title is shown."""

    def get(self, request: HttpRequest, **kwargs: str) -> HttpResponse:
        rows = live_editions().filter(slug=kwargs["slug"])
        self.edition = get_object_or_404(rows.only("title", "topic", "live_until"))
        response = super().get(request, **kwargs)
        return ending(response, self.edition)

    def words(self) -> tuple[str, str]:
        topic = by_key(topics(), self.edition.topic_id)
        return self.edition.title, str(topic or "")
