"""What the log of the desk says of the steps of articles and of the glossary."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.models import Step
from clinic.audit import KINDS, Kind

STEPS = {
    Step.SUBMIT: Kind(_("sent for review"), _("%(who)s sent %(what)s for review.")),
    Step.RETURN: Kind(_("sent back"), _("%(who)s sent %(what)s back.")),
    Step.SIGN: Kind(_("signed"), _("%(who)s signed %(what)s.")),
    Step.PUBLISH: Kind(_("published"), _("%(who)s published %(what)s.")),
    Step.PUBLISH_UNREVIEWED: Kind(
        _("published without a review"),
        _("%(who)s published %(what)s without a review."),
    ),
    Step.WITHDRAW: Kind(_("withdrawn"), _("%(who)s withdrew %(what)s.")),
    Step.REPLACE: Kind(_("replaced"), _("%(who)s said what replaces %(what)s.")),
    Step.CALL_OFF: Kind(
        _("called off"), _("%(who)s called off what was planned for %(what)s.")
    ),
    Step.REVIEW: Kind(
        pgettext_lazy("step", "reviewed"), _("%(who)s reviewed %(what)s.")
    ),
    Step.RESTORE: Kind(
        _("restored"), _("%(who)s restored an earlier text of %(what)s.")
    ),
    Step.ALIGN: Kind(
        _("brought up to date"),
        _("%(who)s confirmed that %(what)s says what its original says."),
    ),
}


def tell() -> None:
    """Teach the log the steps, each under the name of its code."""
    KINDS.update((step.name, kind) for step, kind in STEPS.items())
    KINDS["CHECK"] = Kind(
        _("definition checked"), _("%(who)s checked the definition of %(what)s.")
    )
    KINDS["TAKE_BACK"] = Kind(
        _("taken out of the glossary"), _("%(who)s took %(what)s out of the glossary.")
    )
