"""Passwords that a program guesses soon: leaked ones, and words that anybody would try.

No network is asked. zxcvbn knows 30,000 leaked passwords, names, words, keyboards and
dates, and how people alter and join them; it is told what this practice is called.
"""

from threading import Lock
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Guesses. With 15 minutes after each few, and a slow hash, that is for ever.
ENOUGH = 10**9
# It looks at no more; what is longer is not weaker.
LOOKED_AT = 72
# It keeps the names it was told in a variable of its module.
_one_at_a_time = Lock()


class GuessableValidator:
    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password that would be found early."""
        if len(password) < settings.PASSWORD_MIN_LENGTH:
            return  # that has been said already
        from zxcvbn import zxcvbn  # 14 MB, needed when a password is set

        with _one_at_a_time:
            found = zxcvbn(password[:LOOKED_AT], user_inputs=words_about(user))
        if found["guesses"] < ENOUGH:
            raise ValidationError(
                _(
                    "This password would be guessed too soon: it is made of what many "
                    "people use, or of names of this practice. Four or five words that "
                    "have nothing to do with each other are easier to remember and "
                    "harder to guess."
                ),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return _(
            "A sentence of four or five words is best, with spaces if you like; it may "
            "be as long as you wish. Nothing that has to do with you or the practice."
        )


def words_about(user: Any) -> list[str]:
    """Return what anybody would try first here."""
    from clinic.models import Doctor, Practice

    said = [str(Practice.objects.current().name), settings.SITE_URL]
    said += [
        f"{doctor.first_name} {doctor.last_name}"
        for doctor in Doctor.objects.all()[:50]
    ]
    for name in ("username", "first_name", "last_name", "email"):
        said.append(str(getattr(user, name, "")))
    words = "".join(c if c.isalnum() else " " for c in " ".join(said)).split()
    return [word for word in words if len(word) > 2]
