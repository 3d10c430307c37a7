import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client

from clinic.models import User
from clinic.signing_in import codes
from tests import factories

PASSWORD = "lamp river often cinnamon"
LOGIN, SECOND, ENROL = "/admin/login/", "/admin/login/second/", "/admin/login/enrol/"
INDEX = "/admin/"
NOON = datetime(2026, 6, 8, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def second_factor(settings):
    """These tests sign in as staff do."""
    settings.SECOND_FACTOR = "on"


@pytest.fixture
def clock():
    """A day at noon that a test can move on: ``clock.shift(seconds)``."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def anna(db):
    """Somebody on staff with a password and nothing else."""
    return User.objects.create_user("anna", password=PASSWORD, is_staff=True)


@pytest.fixture
def app(anna):
    """The app on Anna's phone: ``app()`` is the code that it shows now."""
    return App(anna)


class App:
    def __init__(self, user):
        self.key = codes.new_key()
        factories.AuthenticatorFactory(user=user, key=self.key)

    def __call__(self, later=0):
        now = int(codes.timezone.now().timestamp()) // codes.STEP
        return codes.code_at(self.key, now + later)


def type_password(client, name="anna", password=PASSWORD, path=LOGIN, **options):
    return client.post(path, {"username": name, "password": password}, **options)


def type_code(client, code, **options):
    return client.post(SECOND, {"code": code}, **options)


def sign_in(client, app):
    """Sign in with both; the browser of ``client`` is known from now on."""
    type_password(client)
    response = type_code(client, app())
    assert response.status_code == 302
    return client


def is_signed_in(client):
    return client.get(INDEX).status_code == 200


def said(response):
    """What a refused form says."""
    return [
        str(e) for errors in response.context["form"].errors.values() for e in errors
    ]


def from_address(address):
    """A browser elsewhere."""
    return Client(REMOTE_ADDR=address)


def session_cookie(client):
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


def shown_codes(response):
    text = response.content.decode()
    return re.findall(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</code>", text)
