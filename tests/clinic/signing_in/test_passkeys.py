"""A26: passkeys, with an authenticator in software, honest and not."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from clinic.models import Passkey, User
from tests.clinic.signing_in.conftest import (
    ENROL,
    INDEX,
    LOGIN,
    PASSWORD,
    SECOND,
    is_signed_in,
    shown_codes,
    type_password,
)

pytestmark = pytest.mark.django_db
HOST = "localhost"
FLAGS = AuthenticatorData.FLAG


class Phone:
    """What a browser with an authenticator answers."""

    def __init__(self, origin=f"http://{HOST}"):
        self.origin = origin
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(self.origin.encode() + b"id").digest()
        self.uses = 0

    def client_data(self, kind, challenge):
        return CollectedClientData.create(
            type=kind, challenge=websafe_decode(challenge), origin=self.origin
        )

    def data(self, host, flags=FLAGS.UP | FLAGS.UV, credential=b""):
        self.uses += 1
        return AuthenticatorData.create(
            hashlib.sha256(host.encode()).digest(), flags, self.uses, credential
        )

    def create(self, options, **changes):
        client_data = self.client_data("webauthn.create", options["challenge"])
        credential = AttestedCredentialData.create(
            bytes(16), self.id, ES256.from_cryptography_key(self.private.public_key())
        )
        made = AttestationObject.create(
            "none",
            self.data(options["rp"]["id"], FLAGS.UP | FLAGS.UV | FLAGS.AT, credential),
            {},
        )
        return self.answer(client_data, attestationObject=made) | changes

    def get(self, options):
        client_data = self.client_data("webauthn.get", options["challenge"])
        data = self.data(options["rpId"])
        signature = self.private.sign(data + client_data.hash, ec.ECDSA(SHA256()))
        return self.answer(client_data, authenticatorData=data, signature=signature)

    def answer(self, client_data, **parts):
        parts |= {"clientDataJSON": client_data}
        return {
            "id": websafe_encode(self.id),
            "rawId": websafe_encode(self.id),
            "type": "public-key",
            "response": {name: websafe_encode(part) for name, part in parts.items()},
        }


@pytest.fixture(autouse=True)
def host(settings):
    settings.ALLOWED_HOSTS = [HOST, "127.0.0.1"]


def browser(**options):
    return Client(headers={"host": HOST}, **options)


def options_of(client, path):
    """What the page asks the browser for."""
    return json.loads(client.get(path).context["options"])


def send(client, path, answer):
    return client.post(path, {"passkey": json.dumps(answer)})


@pytest.fixture
def phone(anna):
    """Anna's phone, with which she has signed in for the first time."""
    phone, client = Phone(), browser()
    type_password(client)
    response = send(client, ENROL, phone.create(options_of(client, ENROL)))
    assert len(shown_codes(response)) == 10
    assert is_signed_in(client)
    return phone


def test_a_passkey_opens_the_desk(phone):
    client = browser()
    type_password(client, path=f"{LOGIN}?next=/admin/you/")

    response = send(client, SECOND, phone.get(options_of(client, SECOND)))

    assert response.url == "/admin/you/"
    assert is_signed_in(client)
    assert Passkey.objects.get().used_at is not None


def test_a26_an_answer_to_another_question_is_refused(phone):
    client = browser()
    type_password(client)
    old = phone.get(options_of(client, SECOND))
    options_of(client, SECOND)

    assert "could not be used" in send(client, SECOND, old).text
    assert not is_signed_in(client)


def test_a26_an_answer_opens_once(phone):
    client, other = browser(), browser()
    type_password(client)
    answer = phone.get(options_of(client, SECOND))
    assert send(client, SECOND, answer).status_code == 302
    type_password(other)

    assert send(other, SECOND, answer).status_code == 200
    assert not is_signed_in(other)


def test_a26_a_page_of_another_site_cannot_pass_the_answer_on(phone):
    client = browser()
    type_password(client)
    phone.origin = "https://localhost.evil.example"

    assert (
        send(client, SECOND, phone.get(options_of(client, SECOND))).status_code == 200
    )


def test_a26_another_key_is_refused(phone):
    client = browser()
    type_password(client)
    phone.private = ec.generate_private_key(ec.SECP256R1())

    assert (
        send(client, SECOND, phone.get(options_of(client, SECOND))).status_code == 200
    )


def test_a26_a_copied_key_is_refused(phone):
    client = browser()
    type_password(client)
    phone.uses = 0

    assert (
        send(client, SECOND, phone.get(options_of(client, SECOND))).status_code == 200
    )


def test_a26_the_passkey_of_somebody_else_is_refused(phone):
    User.objects.create_user("carlo", password=PASSWORD, is_staff=True)
    theirs, client = Phone(), browser()
    theirs.id = b"another"
    type_password(client, "carlo")
    send(client, ENROL, theirs.create(options_of(client, ENROL)))
    other = browser()
    type_password(other, "carlo")

    assert send(other, SECOND, phone.get(options_of(other, SECOND))).status_code == 200
    assert not is_signed_in(other)


def test_a26_one_passkey_belongs_to_one_account(phone):
    User.objects.create_user("carlo", password=PASSWORD, is_staff=True)
    client = browser()
    type_password(client, "carlo")

    response = send(client, ENROL, phone.create(options_of(client, ENROL)))

    assert "could not be used" in response.text
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "answer", ["", "null", "[]", "{}", "1", '"x"', '{"id": 1}', "{", "\x00", "[" * 9000]
)
@pytest.mark.parametrize("has_phone", [True, False])
def test_a26_what_is_no_answer_is_refused(anna, answer, has_phone, request):
    if has_phone:
        request.getfixturevalue("phone")
    path = SECOND if has_phone else ENROL
    client = browser()
    type_password(client)
    client.get(path)

    response = client.post(path, {"passkey": answer})

    assert response.status_code == 200
    assert not is_signed_in(client)


@pytest.mark.parametrize("part", ["clientDataJSON", "attestationObject"])
def test_a26_a_broken_answer_makes_no_passkey(anna, part):
    client = browser()
    type_password(client)
    answer = Phone().create(options_of(client, ENROL))
    answer["response"][part] = answer["response"][part][:-20]

    assert send(client, ENROL, answer).status_code == 200
    assert Passkey.objects.count() == 0


def test_passkeys_are_not_offered_where_browsers_refuse_them(anna):
    client = Client(headers={"host": "127.0.0.1"})
    type_password(client)

    assert client.get(ENROL).context["options"] is None
    assert client.get(INDEX).status_code == 302


def test_another_passkey_is_added_on_ones_own_page(phone, anna):
    client = browser()
    type_password(client)
    send(client, SECOND, phone.get(options_of(client, SECOND)))
    tablet = Phone()
    tablet.id = b"tablet"
    page = "/admin/you/passkey/"
    answer = json.dumps(tablet.create(options_of(client, page)))

    response = client.post(page, {"name": "My tablet", "passkey": answer}, follow=True)

    assert "My tablet" in response.text
    assert sorted(anna.passkeys.values_list("name", flat=True)) == [
        "My first passkey",
        "My tablet",
    ]
    (excluded, _other) = options_of(client, page)["excludeCredentials"]
    assert excluded["id"] == websafe_encode(phone.id)
