from django.apps import AppConfig
from django.db.models.signals import post_migrate, post_save
from django.utils.translation import gettext_lazy as _


class ArticlesConfig(AppConfig):
    name = "articles"
    verbose_name = _("Articles")

    def ready(self) -> None:
        from articles import audit, history, integrity
        from articles.models import Edition, Unfound
        from articles.search import index
        from clinic import generation
        from clinic import integrity as database
        from clinic.edge import counts

        audit.tell()
        history.register()
        generation.watch(
            self,
            moments=Edition.objects.changes_after,
            unseen=["Wording", "Link", "LinkPlace", "Unfound"],
        )
        counts.writers["unfound"] = Unfound.objects.add
        database.glances.append(integrity.glance)
        database.examiners.append(integrity.examine)
        post_save.connect(index.add_new, sender=Edition)
        post_migrate.connect(index.install, sender=self)
