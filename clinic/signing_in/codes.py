"""The codes of an authenticator app (RFC 6238) and the recovery codes on paper."""

import hashlib
import re
import secrets
from base64 import b32encode

from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.db import transaction
from django.utils import timezone

from clinic.models import Authenticator, Practice, RecoveryCode, User
from clinic.signing_in import factors

# What every app supports; RFC 4226 asks for a key of 160 bits.
DIGITS, STEP, KEY_BYTES = 6, 30, 20
# The clock of a phone may be half a minute wrong.
TOLERANCE = 1


# Where the key waits in the session that a square shows, until a code proves that an
# app has read it.
NEW_KEY = "new_key"


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def spoken(key: bytes) -> str:
    """Return the key in groups, for typing where no camera is."""
    text = b32encode(key).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(key: bytes, user: User) -> str:
    """Return what the square says: otpauth://totp/Practice:name?secret=…"""
    issuer = re.sub(r"[:%]", " ", str(Practice.objects.current().name or "")).strip()
    totp = TOTP(key, DIGITS, SHA1(), STEP)  # noqa: S303  SHA-1 is what apps know
    return totp.get_provisioning_uri(user.get_username(), issuer or None)


def code_at(key: bytes, counter: int) -> str:
    return HOTP(key, DIGITS, SHA1()).generate(counter).decode()  # noqa: S303


def counter_of(key: bytes, code: str) -> int | None:
    """Return the half minute whose code that is, if it is about now."""
    now = int(timezone.now().timestamp()) // STEP
    found = None
    for counter in range(now - TOLERANCE, now + TOLERANCE + 1):
        if bytes_eq(code_at(key, counter).encode(), code.encode()):
            found = counter
    return found


def tidied(code: str) -> str:
    """Return a code without the spaces and dashes that people type."""
    return re.sub(r"[\s-]", "", code).upper()


def is_right(user: User, code: str) -> bool:
    """Say whether the app shows that code, and use it up in the same moment."""
    authenticator = Authenticator.objects.filter(user=user).first()
    code = tidied(code)
    if authenticator is None or not re.fullmatch(r"[0-9]{6}", code):
        return False
    counter = counter_of(bytes(authenticator.key), code)
    if counter is None:
        return False
    fresh = Authenticator.objects.filter(
        pk=authenticator.pk, last_counter__lt=counter, key=authenticator.key
    )
    return fresh.update(last_counter=counter) == 1


# Recovery codes ##############################################################

HOW_MANY = 10
# No letters that look like digits, and no vowels: 29 of them make 58 bits a code.
LETTERS = "23456789BCDFGHJKLMNPQRSTVWXYZ"
GROUPS, GROUP = 3, 4
RECOVERY_CODE = rf"[{LETTERS}]{{{GROUPS * GROUP}}}"


def new_recovery_codes(user: User) -> list[str]:
    """Make new codes instead of all earlier ones, and return them: only now."""
    codes = [
        "-".join(
            "".join(secrets.choice(LETTERS) for _letter in range(GROUP))
            for _group in range(GROUPS)
        )
        for _code in range(HOW_MANY)
    ]
    # One salt for the set: to look a code up takes one hash, not ten.
    salt = secrets.token_hex(16)
    rows = [RecoveryCode(user=user, digest=hashed(code, salt)) for code in codes]
    with transaction.atomic():
        # Of two clicks the second one's codes are shown, and those count.
        factors.alone(user)
        user.recovery_codes.all().delete()
        RecoveryCode.objects.bulk_create(rows)
    return codes


def hashed(code: str, salt: str) -> str:
    """Return what is kept of a code. It is random, so a quicker hash will do."""
    digest = hashlib.scrypt(
        tidied(code).encode(), salt=salt.encode(), n=2**12, r=8, p=1
    )
    return f"{salt}${digest.hex()}"


def use_recovery_code(user: User, code: str) -> bool:
    """Say whether that is one of the user's codes, and use it up."""
    first = user.recovery_codes.first()
    if first is None or not re.fullmatch(RECOVERY_CODE, tidied(code)):
        return False
    digest = hashed(code, first.digest.partition("$")[0])
    return user.recovery_codes.filter(digest=digest).delete()[0] == 1
