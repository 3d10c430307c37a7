"""Who reads the log of the desk: whoever keeps its accounts."""

from django.db import migrations

ROLES = ("manager",)
GRANTED = {("clinic", "auditentry"): ("view",)}


def grant(apps, schema_editor):
    """Django itself makes permissions only after the last migration."""
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    granted = []
    for (app, model), actions in GRANTED.items():
        kind, _created = ContentType.objects.get_or_create(app_label=app, model=model)
        name = apps.get_model(app, model)._meta.verbose_name
        for action in actions:
            found, _created = Permission.objects.get_or_create(
                content_type=kind,
                codename=f"{action}_{model}",
                defaults={"name": f"Can {action} {name}"},
            )
            granted.append(found)
    for group in apps.get_model("auth", "Group").objects.filter(name__in=ROLES):
        group.permissions.add(*granted)


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0028_links_in_statements_forgotten"),
        ("clinic", "0006_log_of_the_desk"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
