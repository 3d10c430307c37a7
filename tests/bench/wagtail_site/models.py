from django.db import models
from wagtail.fields import RichTextField
from wagtail.models import Page
from wagtailcache.cache import WagtailCacheMixin


class ArticlePage(WagtailCacheMixin, Page):
    summary = models.TextField()
    body = RichTextField()
