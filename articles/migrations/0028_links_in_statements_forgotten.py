"""Where links of statements stand is forgotten on the way back, which has no place for it.

``manage.py check_links`` finds it again.
"""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("articles", "LinkPlace").objects.filter(article=None).delete()


class Migration(migrations.Migration):
    dependencies = [("articles", "0027_links_in_statements")]

    operations = [migrations.RunPython(migrations.RunPython.noop, forget)]
