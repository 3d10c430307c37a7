"""What Django's own checks say of the settings, as ``check --deploy`` does."""

from collections.abc import Iterator

from django.core import checks

from clinic.checkup.frame import Finding, Severity, check, fine

PLAIN_HTTP = "Set HTTPS=true, unless the portal is only tried out on this machine."
# Django's hints name settings that here follow from variables of the environment.
REMEDIES = {
    "security.W004": PLAIN_HTTP,
    "security.W008": PLAIN_HTTP,
    "security.W009": "Make a new SECRET_KEY, as .env.example says.",
    "security.W010": PLAIN_HTTP,
    "security.W016": PLAIN_HTTP,
    "security.W018": "Set DEBUG=false.",
    "security.W020": "Set ALLOWED_HOSTS to the names of the site.",
}


@check("Settings")
def settings_of_a_server() -> Iterator[Finding]:
    """Tell once what has one remedy."""
    remedies: dict[str, list[checks.CheckMessage]] = {}
    for message in checks.run_checks(include_deployment_checks=True):
        if message.level >= checks.WARNING and not message.is_silenced():
            hint = " ".join((message.hint or "See .env.example.").split())
            remedy = REMEDIES.get(str(message.id), hint)
            remedies.setdefault(remedy, []).append(message)
    for remedy, messages in remedies.items():
        is_error = any(message.level >= checks.ERROR for message in messages)
        yield Finding(
            Severity.ERROR if is_error else Severity.WARNING,
            f"{first_sentence(messages[0].msg)} ({', '.join(map(name, messages))})",
            remedy,
        )
    if not remedies:
        yield fine("Django finds nothing to say about a server with them.")


def first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].removesuffix(".") + "."


def name(message: checks.CheckMessage) -> str:
    return message.id or "without a number"
