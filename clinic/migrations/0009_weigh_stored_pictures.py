from django.core.files.storage import default_storage
from django.db import migrations


def weigh(apps, schema_editor):
    """Ask the storage how large the files of every picture are; lost ones are none."""
    for picture in apps.get_model("clinic", "Picture").objects.filter(weight=0):
        folder = f"pictures/{picture.key}"
        for width in picture.widths:
            for extension in ("avif", picture.fallback):
                try:
                    picture.weight += default_storage.size(
                        f"{folder}/{width}.{extension}"
                    )
                except Exception:  # each storage has an error of its own
                    continue
        picture.save(update_fields=["weight"])


class Migration(migrations.Migration):

    dependencies = [
        ("clinic", "0008_weight_of_pictures"),
    ]

    operations = [migrations.RunPython(weigh, migrations.RunPython.noop)]
