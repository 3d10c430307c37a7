"""What has to be put right in a text before readers see it, in sentences."""

from django.conf import settings
from django.utils.translation import gettext, ngettext

from articles import markup
from clinic.models import Email, Phone


def problems_of(body: str) -> list[str]:
    """Say what keeps a sanitised text from readers; empty means nothing.

    That is what is wrong with its care cards and its references to contacts.
    """
    repeated = {
        "non-urgent": gettext("There is more than one non-urgent care card."),
        "urgent": gettext("There is more than one urgent care card."),
        "emergency": gettext("There is more than one emergency care card."),
    }
    cards = markup.care_cards(body)
    one_of_each = gettext("One of each kind fits on a page.")
    problems = [
        f"{sentence} {one_of_each}"
        for kind, sentence in repeated.items()
        if cards[kind] > 1
    ]
    if markup.care_within_care(body):
        problems.append(
            gettext(
                "A care card stands inside another one. Please move it out: inside, it "
                "shows neither how urgent it is nor the number to call."
            )
        )
    if markup.emergency_leads_elsewhere(body):
        problems.append(
            gettext(
                "The emergency care card holds a link or a contact. Please take "
                "it out: nothing but the emergency number belongs there."
            )
        )
    if lost_references(body):
        problems.append(
            gettext(
                "The text refers to a contact that no longer exists. The editor "
                "marks the place: please insert another contact or delete it."
            )
        )
    return problems


def lost_references(body: str) -> set[str]:
    """Return the references to contacts that have been deleted since."""
    wanted = markup.references(body)
    if not wanted:
        return set()
    phones = Phone.objects.values_list("pk", flat=True)
    emails = Email.objects.values_list("pk", flat=True)
    known = {f"phone-{pk}" for pk in phones} | {f"email-{pk}" for pk in emails}
    return wanted - known


def advice_on(body: str) -> str:
    """Advise to insert contacts instead of digits; empty if no number is typed."""
    typed = markup.typed_numbers(body, settings.PHONENUMBER_DEFAULT_REGION)
    if not typed:
        return ""
    return ngettext(
        "This number is typed by hand: %(numbers)s. If it is ours, insert it from "
        "“Contact” in the editor: then it changes by itself.",
        "These numbers are typed by hand: %(numbers)s. If they are ours, insert "
        "them from “Contact” in the editor: then they change by themselves.",
        len(typed),
    ) % {"numbers": ", ".join(typed)}
