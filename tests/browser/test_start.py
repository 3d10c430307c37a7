"""`make run` from the first start to the second, with Italian as the main language."""

import sqlite3
import stat
import urllib.error
import urllib.request

import pytest
from django.db import connection

from tests.browser.conftest import running_portal

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="is about the file of SQLite"
)


def read(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read().decode()


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """The logs of two starts with the same data, and pages seen while they ran."""
    data_dir = tmp_path_factory.mktemp("italian")
    seen = {}
    with running_portal(data_dir, LANGUAGE_CODE="it", ACCESS_LOG="true") as portal:
        seen["/"] = read(f"{portal.address}/")
        seen["/en/"] = read(f"{portal.address}/en/")
        seen["query"] = read(f"{portal.address}/articoli/?parola=hiv")
        portal.manage(
            "shell",
            "-c",
            "from articles.models import Article; Article.objects.first().withdraw()",
        )
        first = portal.log.read_text()
    with running_portal(data_dir, LANGUAGE_CODE="it") as portal:
        second = portal.log.read_text()
        editions = sqlite3.connect(data_dir / "portal.sqlite3").execute(
            "SELECT count(*), sum(live_until IS NULL) FROM articles_edition"
        )
        seen["editions"] = editions.fetchone()
        (data_dir / "portal.sqlite3").unlink()
        with pytest.raises(urllib.error.HTTPError) as broken:
            read(f"{portal.address}/")
        seen["broken"] = broken.value.code, broken.value.read().decode()
        seen["log of the fault"] = portal.log.read_text()
    return data_dir, first, second, seen


def test_the_first_start_says_what_it_does_and_where_it_answers(starts):
    _data_dir, first, _second, _seen = starts

    lines = first.splitlines()
    assert lines[0] == "Preparing the database …"
    assert "Loading sample article 6 of 6 …" in lines
    assert any(line.startswith("The site:  http://127.0.0.1:") for line in lines)
    assert any(line.endswith("/admin/") for line in lines)
    assert any("with the password" in line for line in lines)


def test_the_second_start_loads_nothing_and_tells_no_password(starts):
    data_dir, _first, second, seen = starts

    assert "sample" not in second
    assert "password" not in second
    assert not (data_dir / "first-password").exists()
    assert seen["editions"] == (12, 11)


def test_the_main_language_has_no_prefix(starts):
    *_rest, seen = starts

    assert '<html lang="it">' in seen["/"]
    assert 'href="/articoli/metastasi-epatiche/"' in seen["/"]
    assert '<html lang="en">' in seen["/en/"]
    assert 'href="/en/articles/liver-metastases/"' in seen["/en/"]


def test_the_access_log_names_nobody_and_no_search_word(starts):
    _data_dir, first, *_rest = starts

    requests = [line for line in first.splitlines() if '"GET ' in line]
    assert requests
    assert all(line.startswith("127.0.0.0 ") for line in requests)
    assert "hiv" not in first
    assert "Python-urllib" not in first


def test_without_asking_for_it_no_visit_is_written_down(starts):
    *_rest, seen = starts

    assert '"GET ' not in seen["log of the fault"]


def test_the_key_is_readable_by_its_owner_only(starts):
    data_dir, *_rest = starts

    assert stat.S_IMODE((data_dir / "secret-key").stat().st_mode) == 0o600


def test_without_a_database_the_numbers_stay_and_the_log_says_why(starts):
    *_rest, seen = starts

    status, page = seen["broken"]
    assert status == 503
    assert 'href="tel:+393317612698"' in page
    assert "Traceback" not in page
    assert "Traceback" in seen["log of the fault"]
