"""Who may do what: the three roles that the portal comes with.

Their permissions are granted by a migration of ``articles``; this is what people read.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

WRITER, REVIEWER, MANAGER = "writer", "reviewer", "manager"

NAMES: dict[str, Any] = {
    WRITER: _("Writer"),
    REVIEWER: _("Reviewer"),
    MANAGER: _("Manager"),
}
EXPLANATIONS: dict[str, Any] = {
    WRITER: _("Writes articles and sends them for review. Publishes nothing."),
    REVIEWER: _(
        "A doctor: writes, signs, sends back, publishes and withdraws articles, and "
        "reviews what is published. The account has to be linked to a doctor."
    ),
    MANAGER: _(
        "Keeps the details of the practice: numbers, hours, notices, doctors, topics, "
        "statements. Adds accounts and gives them their roles."
    ),
}
