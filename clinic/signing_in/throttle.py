"""How often anybody may guess, counted where all processes see it.

Who guesses from one network at one name is stopped soon, who guesses from many or at
many later. None of that stops the owner of an account in a browser in which he has
signed in before: it has a count of its own (OWASP's device cookies). So nobody can keep
him out there; out of a new browser he is kept while somebody guesses from many
networks. What is known of a name or an address is a keyed digest.
"""

import unicodedata
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from clinic import origin
from clinic.models import Throttle
from clinic.signing_in import devices

# How long wrong guesses are remembered, and how long nobody may try at the limit.
COOL_OFF = timedelta(minutes=15)


class Count(NamedTuple):
    """Whose guesses are counted together, and how many there may be."""

    key: str
    limit: int
    # Several people share it: one who succeeds does not clear it.
    shared: bool = False
    # What stands for the name whose guesses these are; of a network alone, nothing.
    owner: str = ""


def digest(*words: str) -> str:
    return salted_hmac(__name__, "\n".join(words), algorithm="sha256").hexdigest()


def name_key(name: str) -> str:
    """Return what stands for a name, however it is typed."""
    return digest("name", unicodedata.normalize("NFKC", name).casefold().strip())


def of_password(request: HttpRequest, name: str) -> list[Count]:
    """Return the counts of a password typed for that name, whoever it belongs to."""
    name = name_key(name)
    device = devices.known(request, name)
    if device:
        return [Count(digest("device", device), 10, owner=name)]
    network = origin.network_of(request)
    return [
        Count(digest("name from network", name, network), 10, owner=name),
        Count(digest("network", network), 60, shared=True),
        Count(digest("name", name), 60, shared=True, owner=name),
    ]


def of_code(request: HttpRequest, name: str) -> list[Count]:
    """Return the counts of a code: whoever types one knows the password already."""
    name = name_key(name)
    device = devices.known(request, name)
    return [Count(digest("code", device or name), 5, owner=name)]


def take(counts: list[Count]) -> timedelta | None:
    """Take a guess in each of the counts, or say how long to wait for the next.

    It is counted before it is looked at: guesses that come at the same moment do not
    all find the counts below their limits.
    """
    now = timezone.now()
    with transaction.atomic():
        Throttle.objects.filter(until__lte=now).delete()
        rows = []
        # Always in the same order: two who wait for each other would wait for ever.
        for count in sorted(counts):
            Throttle.objects.get_or_create(
                key=count.key,
                defaults={"until": now + COOL_OFF, "owner": count.owner},
            )
            row = Throttle.objects.select_for_update().get(key=count.key)
            if row.failures >= count.limit:
                return row.until - now
            rows.append((row, count))
        for row, count in rows:
            row.failures += 1
            if row.failures >= count.limit:
                row.until = now + COOL_OFF
            row.save()
    return None


def is_locked(counts: list[Count]) -> bool:
    """Say whether the last guess at that name was the last one for now."""
    limits = {count.key: count.limit for count in counts if count.owner}
    rows = Throttle.objects.filter(key__in=limits)
    return any(row.failures >= limits[row.key] for row in rows)


def give_back(counts: list[Count]) -> None:
    """Forget a guess that was right, and all before it that were the same person's."""
    own = [count.key for count in counts if not count.shared]
    shared = [count.key for count in counts if count.shared]
    Throttle.objects.filter(key__in=own).delete()
    Throttle.objects.filter(key__in=shared, failures__gt=0).update(
        failures=F("failures") - 1
    )


def forget(name: str) -> None:
    """Let the owner of an account try again at once, from anywhere."""
    Throttle.objects.filter(owner=name_key(name)).delete()
