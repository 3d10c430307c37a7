"""What the log of the desk says of the steps of articles and of the glossary."""

from django.utils.translation import gettext_lazy as _

from articles.models import Step
from clinic.audit import KINDS, Kind

SENTENCES = {
    Step.SUBMIT: _("%(who)s sent %(what)s for review."),
    Step.RETURN: _("%(who)s sent %(what)s back."),
    Step.SIGN: _("%(who)s signed %(what)s."),
    Step.PUBLISH: _("%(who)s published %(what)s."),
    Step.PUBLISH_UNREVIEWED: _("%(who)s published %(what)s without a review."),
    Step.WITHDRAW: _("%(who)s withdrew %(what)s."),
    Step.REPLACE: _("%(who)s said what replaces %(what)s."),
    Step.CALL_OFF: _("%(who)s called off what was planned for %(what)s."),
    Step.REVIEW: _("%(who)s reviewed %(what)s."),
    Step.RESTORE: _("%(who)s restored an earlier text of %(what)s."),
    Step.ALIGN: _("%(who)s confirmed that %(what)s says what its original says."),
}


def tell() -> None:
    """Teach the log the steps, each under the name of its code."""
    for step, sentence in SENTENCES.items():
        KINDS[step.name] = Kind(step.label, sentence)
    KINDS["CHECK"] = Kind(
        _("definition checked"), _("%(who)s checked the definition of %(what)s.")
    )
    KINDS["TAKE_BACK"] = Kind(
        _("taken out of the glossary"), _("%(who)s took %(what)s out of the glossary.")
    )
