"""What the three roles may do with conditions: what they may with topics."""

from importlib import import_module

from django.db import migrations

GRANTED = {
    "writer": ("view",),
    "reviewer": ("add", "change", "delete", "view"),
    "manager": ("add", "change", "delete", "view"),
}


def grant(apps, schema_editor):
    permission = import_module("articles.migrations.0006_roles").permission
    Group = apps.get_model("auth", "Group")
    for name, actions in GRANTED.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(
            *(permission(apps, "articles", "condition", action) for action in actions)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0010_conditions"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
