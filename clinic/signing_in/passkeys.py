"""Passkeys (WebAuthn): what the browser is asked, and whether its answer is right."""

import hashlib
import json
from contextlib import suppress
from typing import Any

from cryptography.exceptions import InvalidSignature
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from clinic import origin
from clinic.models import Passkey, Practice, User
from clinic.signing_in.throttle import digest

# What the library raises for an answer that is wrong or no answer at all.
UNREADABLE = (
    AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError,
)  # fmt: skip
# Where the challenge waits for its answer; it is good for one.
STATE = "passkey"


class Refused(ValidationError):
    """The browser's answer is not that of a passkey of this account."""

    def __init__(self) -> None:
        super().__init__(
            _("That passkey could not be used. Try again, or choose another way."),
            code="passkey",
        )


def host_of(request: HttpRequest) -> str:
    """Return what passkeys are bound to: the name by which the desk is reached."""
    return request.get_host().rpartition(":")[0] or request.get_host()


def are_possible(request: HttpRequest) -> bool:
    """Browsers make passkeys for names only, not for 127.0.0.1."""
    host = host_of(request)
    return (request.is_secure() or host == "localhost") and (
        origin.masked(host.strip("[]")) == "-"
    )


def server(request: HttpRequest) -> Fido2Server:
    origin = f"{request.scheme}://{request.get_host()}"
    name = str(Practice.objects.current().name or host_of(request))
    return Fido2Server(
        PublicKeyCredentialRpEntity(name=name, id=host_of(request)),
        verify_origin=lambda said: said == origin,
    )


def stored(passkey: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(bytes(passkey.credential))


def of(user: User, request: HttpRequest) -> list[Passkey]:
    """Return those that this browser could offer here."""
    if not are_possible(request):
        return []
    return list(user.passkeys.filter(host=host_of(request)))


def ask_for_new(request: HttpRequest, user: User) -> str:
    """Return what ``navigator.credentials.create`` is given, as JSON."""
    options, state = server(request).register_begin(
        PublicKeyCredentialUserEntity(
            # Not the account's number, which would tell how many there are.
            id=bytes.fromhex(digest("user handle", str(user.pk))),
            name=user.get_username(),
            display_name=user.get_full_name() or user.get_username(),
        ),
        [stored(passkey) for passkey in of(user, request)],
        # It is the second factor: who it is has been said already.
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    request.session[STATE] = state
    return json.dumps(dict(options)["publicKey"])


def check_key(credential: AttestedCredentialData) -> None:
    """Raise ValueError for a key that could never have signed anything."""
    with suppress(InvalidSignature):  # as it should be: that is no signature
        credential.public_key.verify(b"", b"")


def add(request: HttpRequest, user: User, answer: str, name: str) -> Passkey:
    """Keep the new passkey; raise Refused unless it answers the last question."""
    state = request.session.pop(STATE, None)
    try:
        made = server(request).register_complete(state, json.loads(answer))
        credential = made.credential_data
        assert credential is not None  # noqa: S101  said by the flags just checked
        check_key(credential)
        with transaction.atomic():
            return user.passkeys.create(
                name=name,
                host=host_of(request),
                digest=hashlib.sha256(credential.credential_id).hexdigest(),
                credential=bytes(credential),
                uses=made.counter,
            )
    except (*UNREADABLE, AssertionError, IntegrityError) as error:
        raise Refused from error


def ask(request: HttpRequest, user: User) -> str | None:
    """Return what ``navigator.credentials.get`` is given, if there is any passkey."""
    passkeys = of(user, request)
    if not passkeys:
        return None
    options, state = server(request).authenticate_begin(
        [stored(passkey) for passkey in passkeys],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    request.session[STATE] = state
    return json.dumps(dict(options)["publicKey"])


def check(request: HttpRequest, user: User, answer: str) -> Passkey:
    """Return the passkey that has answered; raise Refused if none of the user's has."""
    state = request.session.pop(STATE, None)
    passkeys = {stored(passkey).credential_id: passkey for passkey in of(user, request)}
    try:
        said: dict[str, Any] = json.loads(answer)
        credentials = [stored(passkey) for passkey in passkeys.values()]
        used = server(request).authenticate_complete(state, credentials, said)
        response = AuthenticationResponse.from_dict(said).response
        uses = response.authenticator_data.counter
    except UNREADABLE as error:
        raise Refused from error
    passkey = passkeys[used.credential_id]
    # A counter that goes back is that of a copy (WebAuthn, section 7.2, step 22).
    if (uses or passkey.uses) and uses <= passkey.uses:
        raise Refused
    passkey.uses, passkey.used_at = uses, timezone.now()
    passkey.save(update_fields=["uses", "used_at"])
    return passkey
