from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ArticlesConfig(AppConfig):
    name = "articles"
    verbose_name = _("Articles")

    def ready(self) -> None:
        from articles import history
        from articles.models import Edition
        from clinic import generation

        history.register()
        generation.watch(
            self,
            moments=Edition.objects.changes_after,
            unseen=["Wording", "Link", "LinkPlace"],
        )
