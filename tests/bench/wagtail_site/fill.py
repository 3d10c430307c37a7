"""Make the tables and the one article: python -m tests.bench.wagtail_site.fill"""

import json
import os
import sys
from pathlib import Path

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.wagtail_site.settings")


def main() -> None:
    """Read title, summary and body as JSON from the standard input."""
    migrations = Path(os.environ["DATA_DIR"]) / "wagtail_migrations"
    migrations.mkdir(exist_ok=True)
    (migrations / "__init__.py").touch()
    django.setup()
    from wagtail.models import Page, Site

    from tests.bench.wagtail_site.models import ArticlePage

    call_command("makemigrations", "wagtail_site", verbosity=0)
    call_command("migrate", verbosity=0)
    if ArticlePage.objects.exists():
        return
    home = Page.objects.get(depth=1).add_child(
        instance=ArticlePage(
            title="Home", slug="bench", summary="Home", body="<p>Home</p>"
        )
    )
    home.add_child(instance=ArticlePage(slug="article", **json.load(sys.stdin)))
    Site.objects.update_or_create(
        is_default_site=True,
        defaults={"hostname": "127.0.0.1", "root_page": home},
    )


if __name__ == "__main__":
    main()
