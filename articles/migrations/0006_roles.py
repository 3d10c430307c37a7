"""The three roles of the desk: writer, reviewer, manager."""

from django.db import migrations

ALL = ("add", "change", "delete", "view")
# app, model: what a role may do with it
WRITER = {
    ("articles", "article"): ALL,
    ("articles", "source"): ALL,
    ("articles", "edition"): ("view",),
    ("articles", "review"): ("view",),
    ("articles", "topic"): ("view",),
    ("articles", "wording"): ("view",),
    ("articles", "statement"): ("view",),
    ("clinic", "picture"): ("add", "change", "view"),
}
REVIEWER = WRITER | {
    ("articles", "article"): (*ALL, "sign", "publish"),
    ("articles", "topic"): ALL,
    ("articles", "wording"): ALL,
    ("articles", "statement"): ("change", "view"),
}
MANAGER = {
    ("articles", "article"): ("view",),
    ("articles", "topic"): ALL,
    ("articles", "wording"): ALL,
    ("articles", "statement"): ("change", "view"),
    ("clinic", "practice"): ("add", "change", "view"),
    ("clinic", "picture"): ALL,
    ("clinic", "user"): ("add", "change", "view"),
    ("auth", "group"): ("view",),
} | {
    ("clinic", model): ALL
    for model in (
        "closure", "doctor", "email", "location", "notice", "openinghours", "phone",
    )
}  # fmt: skip
NAMES = {"sign": "Can sign and review articles", "publish": "Can publish and withdraw articles"}


def permission(apps, app, model, action):
    """The permission; Django itself makes it only after the last migration."""
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    kind, _created = ContentType.objects.get_or_create(app_label=app, model=model)
    found, _created = Permission.objects.get_or_create(
        content_type=kind,
        codename=f"{action}_{model}",
        defaults={"name": NAMES.get(action) or f"Can {action} {verbose(apps, app, model)}"},
    )
    return found


def verbose(apps, app, model):
    return apps.get_model(app, model)._meta.verbose_name


def create_roles(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    roles = {"writer": WRITER, "reviewer": REVIEWER, "manager": MANAGER}
    for name, granted in roles.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(
            *(
                permission(apps, app, model, action)
                for (app, model), actions in granted.items()
                for action in actions
            )
        )


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0005_content_of_editions_required"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("clinic", "0003_review_rules_and_doctors_accounts"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_roles, migrations.RunPython.noop)]
