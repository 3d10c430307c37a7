"""Who may do what in the glossary."""

from importlib import import_module

from django.db import migrations

WRITER = ("add", "change", "view")
GRANTED = {
    "writer": WRITER,
    "reviewer": (*WRITER, "check"),
    "manager": (*WRITER, "delete"),
}


def permission(apps, action):
    """The permission; Django itself makes it only after the last migration."""
    if action != "check":
        made = import_module("articles.migrations.0006_roles")
        return made.permission(apps, "articles", "term", action)
    kind, _created = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="articles", model="term"
    )
    found, _created = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename="check_term", defaults={"name": "Can check definitions"}
    )
    return found


def grant(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for name, actions in GRANTED.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*(permission(apps, action) for action in actions))


class Migration(migrations.Migration):
    dependencies = [("articles", "0012_glossary")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
