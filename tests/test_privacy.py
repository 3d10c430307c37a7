"""What visitors leave behind (A30–A33), and what they learn of staff: nothing."""

from io import BytesIO

import pytest
from django.test import Client
from django.urls import path
from PIL import Image

from clinic import error_pages, urls
from clinic.models import Picture, User
from tests import factories
from tests.conftest import Visitor, served, stored_files, upload
from tests.test_attacks import (  # noqa: F401  one of them is a fixture
    DISGUISES,
    article_of,
    comparable,
    page_of,
    pages_for_everybody,
    public_addresses,
    site,
)

pytestmark = pytest.mark.usefixtures("kept")

# Staff #######################################################################

NAMES = {
    "username": "canaryuser",
    "first_name": "Canaryfirst",
    "last_name": "Canarylast",
    "email": "canarymail@example.net",
}


def photograph():
    """A photograph whose camera and whose name tell who took it."""
    image, buffer = Image.new("RGB", (400, 300), (200, 120, 80)), BytesIO()
    exif = image.getexif()
    exif[0x013B] = "Canaryfirst Canarylast"  # Artist
    exif[0x8298] = "canaryuser"  # Copyright
    image.save(buffer, "JPEG", exif=exif, comment=b"canarymail@example.net")
    return upload(buffer.getvalue(), name="canaryuser.jpg")


def test_no_account_shows_in_anything_that_visitors_get(client, site):  # noqa: F811
    """Whoever has written, signed, published, withdrawn and uploaded it all."""
    user = site()
    User.objects.filter(pk=user.pk).update(**NAMES)
    user.refresh_from_db()
    article = article_of("fever")
    article.picture = Picture.objects.create_from_upload(photograph())
    article.written(user)
    factories.publish(article, by=user)
    addresses = [
        *public_addresses(),
        *(f"/media/pictures/{p.parent.name}/{p.name}" for p in stored_files()),
    ]

    for address in addresses:
        response = client.get(address)
        told = response.getvalue() + repr(sorted(response.items())).encode()
        assert b"canary" not in told.lower(), address

    # They would be found: the desk shows them, and the article is the one published.
    client.force_login(user)
    assert "canaryuser" in client.get("/admin/clinic/user/").text
    assert article.picture.key in client.get("/articles/fever/").text


# A30: nothing is left behind #################################################


def breaks(request):
    raise RuntimeError


class BrokenSite:
    urlpatterns = [path("breaks/", breaks), *urls.urlpatterns]
    handler400, handler403 = urls.handler400, urls.handler403
    handler404, handler500 = urls.handler404, urls.handler500


def test_a30_errors_and_searches_leave_no_cookie(settings, site):  # noqa: F811
    user = site()
    error_pages.write()
    settings.ROOT_URLCONF = BrokenSite
    client = Client(raise_request_exception=False)
    client.force_login(user)
    client.get("/admin/")
    answers = {
        "/breaks/": 500,
        "/not-there/": 404,
        "/articles/gone/": 410,
        "/search/?q=liver": 200,
        "/it/cerca/?q=xyzzy": 200,
        "/healthz": 200,
        "/readyz": 200,
    }
    for address, status in answers.items():
        response = client.get(address, headers={"cookie": "csrf=<forged>; session=x"})

        assert response.status_code == status, address
        assert "Set-Cookie" not in response.headers, address
        assert response.cookies == {}, address
        assert "cookie" not in response.get("Vary", "").lower(), address
    assert client.get("/", headers={"host": "evil.example"}).cookies == {}


# A31: poisoning ##############################################################

POISONED = [
    "utm_source=x", "a=1&a=2", "a;page=2", "%23", "language=it", "page=1;q=evil",
    "before=1%00", "x=%0d%0aLocation:%20//evil.example",
]  # fmt: skip


@pytest.mark.parametrize(
    "address", ["/", "/articles/fever/", "/articles/gone/", "/it/not-there/"]
)
def test_a31_whoever_asks_first_alters_nothing_for_others(
    client,
    site,  # noqa: F811
    visitor,
    address,
):
    """Through the edge: poisoned first, clean after it."""
    site()
    clean = Visitor(served()).get(address)

    for headers in DISGUISES:
        environ = {
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in headers.items()
        }
        fresh = Visitor(served())
        fresh.get(address, **environ)
        assert comparable(fresh.get(address)) == comparable(clean), headers
    for query in POISONED:
        fresh = Visitor(served())
        fresh.get(f"{address}?{query}")
        assert comparable(fresh.get(address)) == comparable(clean), query


def test_a31_absolute_addresses_come_from_the_settings(
    client,
    site,  # noqa: F811
    settings,
):
    site()
    settings.ALLOWED_HOSTS = ["*"]

    for address in pages_for_everybody():
        told = client.get(address, headers={"host": "evil.example"}).getvalue()
        assert b"evil.example" not in told, address


# A32: private pages ##########################################################


@pytest.mark.parametrize(
    "address",
    [
        "/admin%2fx.css", "/admin/%2Fx.css", "/admin%2farticles/article/x.jpg",
        "/articles/fever%2fx.css", "/articles/fever/%2e%2e/x.js", "/%61dmin/x.css",
    ],
)  # fmt: skip
def test_a32_no_encoded_slash_makes_a_private_page_a_file(
    site,  # noqa: F811
    visitor,
    address,
):
    """Read by somebody who has signed in, then by a visitor: the edge kept nothing."""
    staff = Client()
    staff.force_login(site())
    session = staff.cookies["session"].value

    private = visitor.get(address, HTTP_COOKIE=f"session={session}")
    public = visitor.get(address)

    for answer in (private, public):
        assert answer.status_code in {301, 302, 404}
        assert b"logout" not in answer.content


# A33: growth #################################################################


def test_a33_a_hundred_thousand_queries_are_one_page(visitor):
    """Neither unknown parameters nor languages or hosts make a key of their own."""
    edge = visitor.edge.edge

    keys = {
        edge.key("GET", "http", "testserver", "/articles/", f"{query}{n}", "")
        for query in ("x=", "utm_source=", "page=x&lang=", "before=x")
        for n in range(25_000)
    }

    assert keys == {"/articles/"}


# A40: previews ###############################################################


def test_a40_a_preview_is_for_who_has_signed_in_and_for_nobody_after(client, site):  # noqa: F811
    """There are no links to previews that could be passed on."""
    user = site()
    preview = page_of("fever", "preview")

    anonymous = client.get(preview)
    client.force_login(user)
    own = client.get(preview)
    client.logout()
    after = client.get(preview)
    client.force_login(factories.UserFactory(is_superuser=False))
    stranger = client.get(preview)

    assert own.status_code == 200
    for answer in (anonymous, own, after, stranger):
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Robots-Tag"] == "noindex"
        assert answer["Referrer-Policy"] == "same-origin"
    assert (anonymous.status_code, after.status_code) == (302, 302)
    assert stranger.status_code == 403


def test_a40_no_guessed_number_shows_a_draft(client, site):  # noqa: F811
    site()
    fresh = article_of("fresh")

    for number in range(1, 30):
        for address in (
            f"/admin/articles/article/{number}/preview/",
            f"/articles/{fresh.slug}/editions/{number}/",
            f"/articles/{fresh.slug}/?preview={number}&draft=1&version={number}",
        ):
            assert client.get(address).status_code in {302, 404}, address
