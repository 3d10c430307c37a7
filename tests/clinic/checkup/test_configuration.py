"""What the checkup says of the settings."""

from django.core import checks

from clinic.checkup import configuration
from clinic.checkup.configuration import PLAIN_HTTP
from clinic.checkup.frame import error, fine, warning


def saying(monkeypatch, *messages):
    """Let Django's checks say this of a server."""

    def run_checks(include_deployment_checks):
        return list(messages) if include_deployment_checks else []

    monkeypatch.setattr(checks, "run_checks", run_checks)
    return list(configuration.settings_of_a_server())


def test_a_server_with_good_settings_is_well(monkeypatch):
    assert saying(monkeypatch, checks.Info("By the way.", id="x.I001")) == [
        fine("Django finds nothing to say about a server with them.")
    ]


def test_what_django_says_is_told_in_one_sentence_with_its_number(monkeypatch):
    found = saying(
        monkeypatch,
        checks.Warning("One\n thing. And why.", hint="Do\n this.", id="x.W001"),
        checks.Error("Another thing", id="x.E001"),
    )

    assert found == [
        warning("One thing. (x.W001)", remedy="Do this."),
        error("Another thing. (x.E001)", remedy="See .env.example."),
    ]


def test_what_has_one_remedy_is_told_once(monkeypatch):
    found = saying(
        monkeypatch,
        checks.Warning("No HSTS. Long.", id="security.W004"),
        checks.Warning("No redirect.", id="security.W008"),
    )

    assert found == [
        warning("No HSTS. (security.W004, security.W008)", remedy=PLAIN_HTTP)
    ]


def test_what_was_decided_otherwise_is_not_told(monkeypatch):
    assert saying(monkeypatch, checks.Warning("Preload.", id="security.W021")) == [
        fine("Django finds nothing to say about a server with them.")
    ]


def test_the_numbers_are_those_of_django(settings):
    """Every number with a remedy of ours is one that Django gives."""
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = []
    settings.SECRET_KEY = "short"

    told = {message.id for message in checks.run_checks(None, None, True)}

    assert set(configuration.REMEDIES) <= told
