"""What attackers try, named by the numbers of the table of attacks (A01-A48).

Rich text is attacked in articles/test_markup.py, uploads (A13-A22) in
clinic/test_uploads.py, and parsers with long texts (A11) in test_growth.py.
"""

import logging
import re
from datetime import timedelta
from itertools import chain, product
from urllib.parse import quote, urlencode, urlsplit

import html5lib
import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db import connection, models, transaction
from django.db.models.signals import pre_save
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone, translation
from i18nfield.strings import LazyI18nString
from reversion.models import Revision, Version

from articles import desk, history
from articles.models import Article, Edition, Review, Source, Topic, Wording
from clinic.models import Picture, Practice, User
from tests import factories
from tests.conftest import is_sure

pytestmark = pytest.mark.usefixtures("kept")


# The site under attack #######################################################

# What the addresses with a variable part need; others are found by themselves.
ARGUMENTS = {
    "article": ["fever"],
    "articles:qr": ["fever"],
    "article_banner": ["fever"],
    "by_mail": ["fever"],
    "doctor": ["ada"],
    "doctor_card": ["ada"],
    "doctor_card4": ["ada"],
    "doctor_qr": ["ada"],
    "edition": ["fever", 1],
    "email": [1],
    "glossary_letter": ["a"],
    "letter": ["a"],
    "picture": ["0" * 32, "640", "jpg"],
    "sitemap_articles": [0],
    "topic": ["liver"],
    "topic_banner": ["liver"],
    "topic_feed": ["liver"],
}


def patterns(resolver, namespace=""):
    """Every named address outside of the desk."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield namespace, entry.name
        elif entry.app_name != "admin":
            inner = f"{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry, inner)


def public_addresses():
    """Every public address in every language, and one that does not exist."""
    found = dict.fromkeys(
        (
            "/not-there/", "/it/not-there/", "/articles/gone/",
            "/articles/gone/editions/1/", "/articles/fever/editions/2/",
            "/articles/fever/editions/3/",
        )
    )  # fmt: skip
    for language in ("en", "it"):
        with translation.override(language):
            for namespace, name in patterns(get_resolver()):
                if name != "set_language":
                    named = namespace + name
                    args = ARGUMENTS.get(named, ARGUMENTS.get(name, []))
                    found[reverse(named, args=args)] = None
    return list(found)


def article_of(slug):
    return Article.objects.get(slug=slug, language="en")


def page_of(slug, step):
    return f"/admin/articles/article/{article_of(slug).pk}/{step}/"


def save_of(slug):
    """The key of the first save of an article in its history."""
    return f"save-{history.saves_of(article_of(slug)).last().pk}"


# Each article of the site with the pages that show something of its life.
LIVES = {
    "fever": ["change", "preview", "submit", "sign", "review", "withdraw", "history"],
    "other": ["change", "call-off", "review"],
    "gone": ["change", "submit", "sign", "history"],
    "sent": ["change", "preview", "sign", "return", "history"],
    "back": ["change", "preview", "submit", "sign", "history"],
    "signed": ["change", "publish", "return", "history"],
    "planned": ["change", "call-off", "withdraw", "history"],
    "fresh": ["change", "submit", "sign", "delete", "publish", "history"],
}


def life_addresses():
    """The pages of every step of an article, of its history, of deleted ones."""
    pages = [page_of(slug, step) for slug in LIVES for step in LIVES[slug]]
    compare, save = page_of("fever", "compare"), save_of("fever")
    for before, after in (
        ("edition-1", "draft"), ("edition-1", "edition-2"), (save, "draft"),
        (save, "edition-2"),
    ):  # fmt: skip
        pages.append(f"{compare}?before={before}&after={after}")
    deleted = history.deleted().get().pk
    return [
        *pages,
        page_of("fever", "restore/edition-1"),
        page_of("fever", f"restore/{save}"),
        page_of("back", f"restore/{save_of('back')}"),
        "/admin/articles/article/deleted/",
        f"/admin/articles/article/deleted/{deleted}/",
    ]


def desk_addresses():
    """The pages of the desk that show what somebody typed."""
    pages = ["/admin/", "/admin/articles/", "/admin/clinic/"]
    for label, model in (
        ("articles/article", Article),
        ("articles/topic", Topic),
        ("articles/wording", Wording),
        ("auth/group", Group),
        ("clinic/picture", Picture),
        ("clinic/practice", Practice),
        ("clinic/user", User),
    ):
        pk = model.objects.order_by("pk").last().pk
        pages += [
            f"/admin/{label}/",
            f"/admin/{label}/{pk}/change/",
            f"/admin/{label}/{pk}/history/",
        ]
    pages += [f"/admin/articles/article/?waiting={code}" for code in desk.BY_CODE]
    pages += life_addresses()
    return [page for page in pages if page != "/admin/clinic/practice/"]


def is_free_text(field):
    """Whether staff may type anything at all into the field."""
    return (
        isinstance(field, models.CharField | models.TextField)
        and type(field).__name__
        not in {"EmailField", "PhoneNumberField", "SlugField", "URLField", "WebField"}
        and not field.choices
        and not field.unique
        and field.name not in {"key", "fallback", "password", "signed_content"}
    )


def hostile(factory, text, **kwargs):
    """Make an object whose every free text is hostile."""
    model = factory._meta.model
    texts = {
        field.name: LazyI18nString({"en": text, "it": text})
        if type(field).__name__.startswith("I18n")
        else text
        for field in model._meta.fields
        if is_free_text(field)
    }
    return factory(**texts | kwargs)


def fit(sender, instance, **kwargs):
    """Cut what PostgreSQL refuses; SQLite takes every text into every field."""
    for field in sender._meta.concrete_fields:
        text = getattr(instance, field.attname)
        if isinstance(text, str):
            setattr(instance, field.attname, text[: field.max_length])


@pytest.fixture
def site(db):
    """A function that fills the site with one text; it returns a member of staff.

    The person is a doctor who may do everything, and has written it all.
    """

    is_strict = connection.vendor == "postgresql"

    def fill(text="Harmless"):
        if is_strict:
            text = text.replace("\0", "")
        picture = Picture.objects.create(
            key="0" * 32,
            name=text,
            width=640,
            height=480,
            widths=[320, 640],
            fallback="jpg",
        )
        hostile(factories.PracticeFactory, text, is_sample=True)
        doctor = hostile(factories.DoctorFactory, text, slug="ada", portrait=picture)
        hostile(factories.PhoneFactory, text)
        hostile(factories.PhoneFactory, text, number="+390612345678", kind="FAX")
        hostile(factories.EmailFactory, text, pk=1, address="studio@example.org")
        hostile(factories.LocationFactory, text)
        factories.HoursFactory()
        topic = hostile(factories.TopicFactory, text, slug="liver")
        names = dict.fromkeys(("username", "first_name", "last_name"), text[:150])
        user = factories.ReviewerFactory(doctor=doctor, **names)
        factories.UserFactory(username="colleague")
        for language in ("en", "it"):
            Wording.objects.create(language=language, phrase=text[:100], reason=text)
            Wording.objects.create(language=language, phrase="zebra cure", reason=text)

        def write(slug, language="en", **kwargs):
            article = hostile(
                factories.ArticleFactory,
                text,
                slug=slug,
                language=language,
                body=f"<h2>Part</h2><p>{text}</p>" * 4 + "<p>The zebra cure.</p>",
                author=doctor,
                topic=topic,
                picture=picture,
                picture_alt=text,
                **kwargs,
            )
            address = f"https://example.org/{text}"[:500]
            hostile(factories.SourceFactory, text, article=article, url=address)
            article.written(user)
            return article

        for slug, language in (("fever", "en"), ("fever", "it"), ("other", "en")):
            article = write(slug, language, is_sample=True)
            factories.publish(article, by=user, note=text)
            factories.publish(article, by=user, note=text)
        tomorrow = timezone.now() + timedelta(days=1)
        article.withdraw(by=user, at=tomorrow, note=text)
        fever = article_of("fever")
        fever.title = f"{text} "
        fever.written(user)
        fever.review(by=user, outcome=Review.Outcome.NEEDS_CHANGES, note=text)
        gone = write("gone")
        factories.publish(gone, by=user)
        gone.withdraw(by=user, note=text)
        write("sent").submit(by=user, note=text)
        back = write("back")
        back.submit(by=user, note=text)
        back.send_back(by=user, note=text)
        factories.sign(write("signed"), by=user)
        factories.publish(write("planned"), by=user, at=tomorrow)
        write("deleted").delete()
        write("fresh")
        Group.objects.create(name=text[:150])
        for changed in (*Article.objects.all(), topic, picture, user):
            LogEntry.objects.log_actions(
                user.pk, [changed], CHANGE, text, single_object=True
            )
        return user

    if is_strict:
        pre_save.connect(fit)
    yield fill
    pre_save.disconnect(fit)


def state():
    """Everything that an attack might change."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (
            Article, Edition, Review, Revision, Source, Topic, Version, Wording, Group,
            LogEntry, Picture, Practice, User, User.groups.through,
            User.user_permissions.through,
        )
    ]  # fmt: skip


PARSER = html5lib.HTMLParser(namespaceHTMLElements=False)
MARK = "x-attack"
OWN_SCRIPT = re.compile(r"^(/static/|/admin/jsi18n/)")


def attacks_in(html):
    """What of a payload has become an element, an attribute or a script of the page."""
    found = []
    text = html.decode() if isinstance(html, bytes) else html
    for element in PARSER.parse(text).iter():
        if not isinstance(element.tag, str):  # a comment
            if MARK in (element.text or ""):
                found.append("comment")
            continue
        if element.tag == MARK:
            found.append(element.tag)
        if element.tag == "script" and not OWN_SCRIPT.match(element.get("src", "")):
            json_only = element.get("type") in {
                "application/json",
                "application/ld+json",
                "text/x-template",
            }
            found += [] if json_only else [f"script {element.get('src')}"]
        for name, value in element.attrib.items():
            if MARK in name or name.startswith("on"):
                found.append(f"{element.tag} {name}")
            if name in {"href", "src", "action", "formaction"} and re.match(
                r"\s*(javascript|data|vbscript):", value, re.IGNORECASE
            ):
                found.append(f"{element.tag} {name}={value}")
    return found


def test_the_detector_of_attacks_sees_them():
    for attack in (
        "<x-attack>",
        "<p x-attack>",
        "<p onclick=x>",
        "<script>x</script>",
        "<script src=//evil></script>",
        "<a href=' JaVascript:x'>",
        "<!-- x-attack -->",
    ):
        assert attacks_in(f"<html><body>{attack}") != [], attack
    assert attacks_in("<script src='/static/x.js'></script><p>&lt;x-attack>") == []


MARKUP = [
    "<script>x</script><x-attack x-attack onclick=x>",
    "\"'><x-attack x-attack=1 onmouseover=x>",
    "' onmouseover=x x-attack=\" onfocus=x x-attack autofocus ",
    "</title></textarea></script></style></select>--><x-attack>",
    'javascript:x-attack(1)//"><x-attack>',
    "<!--<x-attack>--!><x-attack><![CDATA[<x-attack>]]>",
    "&lt;x-attack&gt;&#60;x-attack&#62;%3Cx-attack%3E\\u003cx-attack\\u003e",
    "<img src=x onerror=x x-attack><svg onload=x><x-attack>",
    "{{ 7|add:7 }}{{7*7}}{% now 'Y' %}{% load x-attack %}{0.__class__}${7*7}%(x)s%s",
]
ODD = [
    "a\r\nSet-Cookie: x-attack=1\r\n\r\n<x-attack>",
    "\N{SMILING FACE WITH HORNS}\N{FAMILY}\N{VARIATION SELECTOR-16}" * 10,
    "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe\N{ZERO WIDTH SPACE}\N{LEFT-TO-RIGHT MARK}",
    "A" * 10_000,
    "<x-attack>" * 100,
    "nul\x00byte<x-attack>",
    "\x1b[31mred\x07\x08",
]

# All at once, so that every field of every page meets every one of them.
TEXTS = ["\n".join(MARKUP), "\n".join(reversed(MARKUP)), *ODD]


def each(texts):
    """Parameters of a test; the first is tried on every kind of database.

    How a text is escaped does not depend on where it was kept.
    """
    return [
        pytest.param(
            text, id=str(number), marks=[pytest.mark.exhaustive] * bool(number)
        )
        for number, text in enumerate(texts)
    ]


# A03: stored #################################################################


@pytest.mark.parametrize("text", each(TEXTS))
def test_a03_no_stored_text_becomes_markup_on_a_public_page(client, site, text):
    site(text)

    for address in public_addresses():
        response = client.get(address)

        assert response.status_code < 500, address
        if response["Content-Type"].startswith("text/html"):
            assert attacks_in(response.content) == [], address


@pytest.mark.parametrize("text", each(TEXTS[:5]))
def test_a03_no_stored_text_becomes_markup_at_the_desk(client, site, text):
    client.force_login(site(text))

    for address in desk_addresses():
        response = client.get(address)

        assert response.status_code == 200, address
        assert attacks_in(response.content) == [], address


def test_a03_the_walk_at_the_desk_meets_notes_names_and_reasons(client, site):
    """It would prove nothing of what no page shows."""
    client.force_login(site("Hostile"))
    Article.objects.update(title="T", summary="T", picture_caption="T")

    def words(slug, step):
        document = PARSER.parse(client.get(page_of(slug, step)).text)
        return " ".join("".join(document.itertext()).split())

    told = words("fever", "history")
    for shown in (
        "needs changes: “Hostile”", "published by Hostile", "signed by Hostile",
    ):  # fmt: skip
        assert shown in told, shown
    for slug in ("sent", "back", "fever"):  # a note, and whose it is
        assert "HostileHostile, " in words(slug, "change"), slug
    assert "Hostile The zebra cure." in words("other", "preview")


# What each step asks for; the version of the article comes from the page itself.
ANSWERS = [
    ("back", "submit", {"note": "x"}),
    ("sent", "return", {"note": "x"}),
    ("sent", "sign", {}),
    ("signed", "publish", {"when": "now"}),
    ("signed", "publish", {"when": "later", "moment": "2099-01-02T03:04"}),
    ("fever", "withdraw", {"when": "now"}),
    ("fever", "withdraw", {"when": "later", "moment": "2099-01-02T03:04"}),
    ("planned", "call-off", {}),
    ("other", "review", {"outcome": "CORRECT"}),
    ("other", "review", {"outcome": "CHANGES", "note": "x"}),
    ("other", "review", {"outcome": "WITHDRAW", "note": "x"}),
    ("fever", "restore/edition-1", {}),
    ("back", "delete", {"post": "yes"}),
]


@pytest.mark.parametrize(("slug", "step", "sent"), ANSWERS)
@pytest.mark.parametrize("text", each(TEXTS[:2]))
def test_a03_no_step_answers_with_markup(client, site, slug, step, sent, text):
    """What is said after a step names the article; a second click is answered too."""
    user = site(text)
    client.force_login(user)
    address = page_of(slug, step)
    sent = {"version": article_of(slug).standing(), **sent}
    if "note" in sent:
        sent["note"] = text[:1000]

    first = client.post(address, sent, follow=True)
    again = client.post(address, sent, follow=True)

    assert first.redirect_chain != []
    for response in (first, again):
        assert attacks_in(response.content) == []


@pytest.mark.parametrize("text", each(TEXTS[:2]))
def test_a03_neither_refused_forms_nor_the_question_of_many_answer_with_markup(
    client, site, text
):
    client.force_login(site(text))
    form = {"version": article_of("other").standing(), "outcome": text, "note": text}
    moment = {"when": text, "moment": text, "occurrence": text}
    chosen = list(Article.objects.values_list("pk", flat=True))
    many = {"action": "publish_unreviewed", "_selected_action": chosen}
    deleted = history.deleted().get().pk
    conflict = {"title": text, "slug": "other", "language": "en", "summary": text}

    answers = [
        client.post(page_of("other", "review"), form),
        client.post(page_of("other", "withdraw"), form | moment),
        client.post(page_of("other", "change"), conflict | {"change_note": text}),
        client.post("/admin/articles/article/", many),
        client.post("/admin/articles/article/", many | {"confirmed": "yes"}),
        client.get("/admin/articles/article/"),
        client.post(f"/admin/articles/article/deleted/{deleted}/", follow=True),
    ]

    for number, response in enumerate(answers):
        assert response.status_code in {200, 302}, number
        assert attacks_in(response.content) == [], number
    assert "Two texts" in answers[2].text
    assert article_of("fresh").current_edition() is not None


ADVICE = "/admin/articles/article/advice/"


@pytest.mark.parametrize("text", each(TEXTS))
def test_a03_advice_on_what_is_typed_is_no_markup(client, site, text):
    client.force_login(site(text))
    typed = {
        "language": "en",
        "title": f"The zebra cure. {text}",
        "summary": text,
        "body": f"<h3>{text}</h3><p>{text}</p><p><a href='/x'>here</a> {text}</p>",
        "picture_caption": text,
        "disclosure": text,
        "sources-0-title": text,
        "sources-0-url": text,
    }
    before = state()

    response = client.post(ADVICE, typed)

    assert response.status_code == 200
    assert "The zebra cure." in response.text
    assert attacks_in(response.content) == []
    assert state() == before


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"language": "xx"},
        {"language": "\0"},
        {"language": "en-" * 9999},
        {"article": "9" * 18, "author": "9" * 18, "picture": "9" * 18},
        {"article": "9" * 5000},
        {"article": "-1", "author": "x", "picture": "1.5"},
        {"article": "\N{ARABIC-INDIC DIGIT ONE}"},
        {"article": "1 OR 1=1"},
        {"body": "<p>" * 20_000},
        {"body": "<" * 20_000},
        {"body": "&" * 20_000},
        {"body": "&#" + "9" * 20_000 + ";"},
        {"body": "a" * 200_000},
        {"body": ". " * 100_000},
        {"body": "331 " * 20_000},
        {"body": "\0<p>\0</p>", "title": "\0"},
        {"body": "<p>\ud800</p>"},
        {"sources-0-title": "x", "sources-999-url": "x", "sources-9999-title": "x"},
        {"sources-\N{ARABIC-INDIC DIGIT ONE}-title": "x", "sources--1-title": "x"},
    ],
    ids=range(20),
)
def test_a44_nothing_that_is_typed_breaks_the_advice(staff, typed):
    sent = {"language": "it"} | typed

    response = staff.post(
        ADVICE,
        urlencode(sent, errors="surrogatepass"),
        content_type="application/x-www-form-urlencoded",
    )

    assert response.status_code == 200
    assert attacks_in(response.content) == []


def test_a12_the_languages_of_templates_are_shown_as_text(client, site):
    text = "{{ 7|add:7 }}{{7*7}}{% now 'Y' %}{0.__class__}"
    site(text)

    for address in (
        "/articles/fever/", "/articles/fever/editions/1/", "/articles/gone/",
        "/articles/gone/editions/1/", "/doctors/ada/", "/contact/", "/topics/liver/",
    ):  # fmt: skip
        document = PARSER.parse(client.get(address).content)
        assert text in " ".join("".join(document.itertext()).split()), address


# A04: reflected ##############################################################

SEARCHES = {"/search/", "/it/cerca/"}
PARAMETERS = [
    "page",
    "p",
    "q",
    "before",
    "after",
    "next",
    "lang",
    "language",
    "o",
    "e",
    "utm_source",
    "_method",
]
BYTES = [
    "%00",
    "%ff",
    "%c0%af",
    "%ed%a0%80",
    "%0d%0aSet-Cookie:%20x-attack=1",
    "%",
    "%u0041",
]


@pytest.mark.parametrize("text", each(TEXTS))
def test_a04_no_query_comes_back_as_markup(client, site, text):
    site()
    query = "&".join(f"{name}={quote(text)}" for name in PARAMETERS)

    for address in public_addresses():
        response = client.get(f"{address}?{query}", headers={"referer": text[:100]})

        assert response.status_code < 500, address
        if address in SEARCHES:  # they say what was searched for
            assert attacks_in(response.content) == [], address
        else:
            assert MARK.encode() not in response.getvalue(), address
        assert "Set-Cookie" not in response.headers, address
        assert response.cookies == {}, address


def test_a44_bytes_that_are_no_text_break_no_query(client, site, subtests):
    site()

    for value, address in product(BYTES, public_addresses()):
        query = "&".join(f"{name}={value}&{value}=1" for name in PARAMETERS)
        with subtests.test(value=value, address=address):
            assert client.get(f"{address}?{query}").status_code < 500


FOLDERS = ["/", "/articles/", "/it/medici/", "/static/"]
LAST_PARTS = [quote(text[:2000], safe="") for text in MARKUP + ODD] + BYTES


def test_a04_no_path_comes_back_as_markup(client, site, subtests):
    site()

    for folder, part, end in product(FOLDERS, LAST_PARTS, ["", "/"]):
        address = f"{folder}{part}{end}"
        with subtests.test(address=address[:200]):
            response = client.get(address)

            assert response.status_code in {301, 404}
            assert MARK.encode() not in response.getvalue()
            assert response.cookies == {}
            if response.status_code == 301:
                assert response["Location"].startswith(folder)
                assert "\n" not in response["Location"]


@pytest.mark.parametrize("size", [2001, 20_000])
def test_a44_too_many_parameters_are_refused(client, site, size):
    site()

    response = client.get("/articles/?" + "&".join(f"a{n}=1" for n in range(size)))

    assert response.status_code == 400
    assert "not understood" in response.text


HEADERS = [
    {"cookie": "session=%00; csrf=\xff; =; a" + "=" * 5000},
    {"user-agent": "<x-attack>" * 500},
    {"referer": "\xff\xfe"},
    {"accept-language": "it;q=" + "9" * 3000},
    {"accept-language": ",".join(["xx-yy"] * 2000)},
    {"if-none-match": '"' * 5000},
    {"if-modified-since": "99999999999999999999"},
    {"range": "bytes=" + "0-1," * 2000},
    {"content-length": "-1"},
    {"content-length": "abc"},
]


def test_a44_no_header_breaks_a_page(client, site, subtests):
    site()
    pages = ["/", "/it/contatti/", "/articles/fever/", "/admin/login/"]

    for headers, address in product(HEADERS, pages):
        with subtests.test(headers=str(headers)[:60], address=address):
            response = client.get(address, headers=headers)

            assert response.status_code == 200
            assert MARK not in response.text


# A06: open redirects #########################################################

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "https:evil.example",
    "https://evil.example",
    "HTTPS:///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\x00//evil.example",
    " //evil.example",
    "/%0d%0aLocation:%20https://evil.example",
    "/\r\nLocation: https://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://testserver@evil.example",
    "https://testserver.evil.example/",
]


def stays_here(response):
    """Whether the answer leads to this host, as browsers understand the address."""
    if "Location" not in response.headers:
        return True
    address = re.sub(r"[\t\r\n]", "", response["Location"]).strip("\x00 ")
    target = urlsplit(address.replace("\\", "/"))
    return (target.scheme, target.netloc) == ("", "") and not address.startswith("//")


def test_the_detector_of_redirects_sees_them():
    class Answer(dict):
        headers = property(lambda self: self)

    assert all(
        not stays_here(Answer(Location=address))
        for address in ("//evil", "/\\evil", "/\t/evil", "https://x", "https:x")
    )
    assert stays_here(Answer(Location="/admin/?x=//evil")) is True


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a06_signing_in_leads_to_no_other_site(client, target):
    user = factories.UserFactory()
    user.set_password("a long enough password")
    user.save()
    form = {"username": user.username, "password": "a long enough password"}

    response = client.post(
        f"/admin/login/?next={quote(target)}", form | {"next": target}
    )

    assert response.status_code == 302
    assert stays_here(response)


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a06_choosing_a_language_leads_to_no_other_site(client, target, method):
    response = getattr(client, method)(
        "/admin/language/",
        {"language": "it", "next": target},
        headers={"referer": "https://evil.example/"},
    )

    assert response.status_code == 302
    assert stays_here(response)


def test_a06_no_parameter_of_a_public_page_redirects(client, site):
    site()

    for address in ("/", "/it/contatti/", "/articles/fever/", "/not-there/"):
        for target in ELSEWHERE:
            response = client.get(address, {"next": target, "url": target})

            assert "Location" not in response.headers, (address, target)


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/contact",
        "//evil.example/%2e%2e",
        "///evil.example/contact",
        "/\\evil.example/contact",
        "//evil.example/admin",
        "/it//evil.example",
        "//it/contatti",
        "/contact",
        "/admin//evil.example",
        "//admin/login",
    ],
)
def test_a06_a_path_that_begins_like_a_host_leads_nowhere_else(client, path):
    # The client would take "//evil.example" for a host: the server does not.
    response = client.get("/", PATH_INFO=path)

    assert response.status_code in {301, 302, 404}
    assert stays_here(response)


def test_a06_signing_out_leads_to_no_other_site(staff):
    response = staff.post("/admin/logout/?next=//evil.example", {"next": "//evil"})

    assert response.status_code == 302
    assert stays_here(response)
    assert staff.get("/admin/").status_code == 302  # signed out all the same


# A09: keys of the database ###################################################

# Every word is one more condition, and SQLite refuses 1000 of them.
LOOKUPS = [
    "author__user__password__startswith=a",
    "author__first_name__startswith=A",
    "editions__published_by__password__startswith=p",
    "pk__in=1,2",
    "password__startswith=p",
    "sessions__session_key__startswith=a",
    "sessions__pk__gte=a",
    "passkeys__digest__startswith=a",
    "authenticator__key__startswith=a",
    "recovery_codes__digest__startswith=a",
    "_connector=OR",
    "_negated=1",
    "o=1.-2.99.x",
    "o=" + "9" * 5000,
    "e=1",
    "p=abc",
    "p=-1",
    "p=" + "9" * 5000,
    "q=%00",
    "q=%ff",
    "q=" + "a" * 10_000,
    "q=" + "a+" * 1500,
    "q=%22%27%29%3B--",
    "all=x",
    "state=zzz",
    "state=%00",
    "waiting=zzz",
    "waiting=%00",
    "waiting=to-sign&waiting=overdue",
    "waiting__startswith=a",
    "edited_by__password__startswith=p",
    "editions__signed_by__password__startswith=p",
    "reviews__reviewer__password__startswith=p",
    "language__exact=%00",
    "topic__id__exact=x",
    "topic__id__exact=" + "9" * 5000,
    "%00=1",
    "_facets=x&_popup=x&_to_field=password",
]


@pytest.mark.parametrize("query", LOOKUPS)
@pytest.mark.parametrize(
    "page",
    [
        "articles/article", "articles/wording", "auth/group", "clinic/picture",
        "clinic/user",
    ],
)  # fmt: skip
def test_a09_no_query_breaks_a_list_of_the_desk_or_looks_behind_it(staff, page, query):
    response = staff.get(f"/admin/{page}/?{query}")

    assert response.status_code in {200, 302, 400}
    assert "md5$" not in response.text
    secret = re.match(r"\w*(password|session|passkey|authenticator|recovery)", query)
    assert not secret or response.status_code != 200


# What could be taken for the key of a text: "draft", "edition-1", "save-1".
KEYS = [
    "", "x", "draft-1", "edition-", "edition-0", "edition-x", "edition--1",
    "edition-1-1", "edition-1.0", "edition-%2B1", "edition-%D9%A1", "edition-1%00",
    "edition-999999", "edition-" + "9" * 18, "edition-" + "9" * 5000, "save-",
    "save-0", "save-" + "9" * 18, "save-" + "9" * 19, "save-1%20OR%201=1",
    "save-%27--", "EDITION-1", "pk-1", "%00", "%FF",
]  # fmt: skip


def test_a09_no_key_breaks_the_comparison_or_the_restoring_of_texts(
    client, site, subtests
):
    client.force_login(site())
    compare, restore = page_of("fever", "compare"), page_of("fever", "restore")
    sent = {"version": article_of("fever").standing()}
    before = state()

    for key in KEYS:
        with subtests.test(key=key[:60]):
            answers = [
                client.get(f"{compare}?before={key}&after=draft"),
                client.get(f"{compare}?before=draft&after={key}"),
                client.get(f"{compare}?after={key}"),
                client.get(f"{restore}{key}/"),
                client.post(f"{restore}{key}/", sent),
            ]

            # What is no address of an article's page at all leads back into the desk.
            assert {response.status_code for response in answers[:3]} == {404}
            assert {response.status_code for response in answers[3:]} <= {302, 404}
            assert state() == before


def test_a09_no_text_of_another_article_is_compared_or_restored(client, site):
    client.force_login(site())
    article, theirs = article_of("fever"), save_of("back")
    deleted = f"save-{history.deleted().get().pk}"
    before = state()

    for key in (theirs, deleted, "edition-3"):
        for address in (
            page_of("fever", "compare") + f"?before={key}&after=draft",
            page_of("fever", f"restore/{key}"),
        ):
            assert client.get(address).status_code == 404, address
        answer = client.post(
            page_of("fever", f"restore/{key}"), {"version": article.standing()}
        )
        assert answer.status_code == 404, key
    assert state() == before


def test_a09_only_the_last_save_of_a_deleted_article_is_brought_back(client, site):
    """No save of an article that is there, of another model, or of nothing at all."""
    client.force_login(site())
    gone = history.deleted().get()
    source = gone.revision.version_set.get_for_model(Source).get()
    before = state()

    for pk in (save_of("fever").removeprefix("save-"), source.pk, 0, "9" * 30):
        address = f"/admin/articles/article/deleted/{pk}/"
        assert client.get(address).status_code == 404, pk
        assert client.post(address).status_code == 404, pk
    assert state() == before


@pytest.mark.parametrize("pk", ["0", "99", "9" * 18, "9" * 30, "9" * 4000])
@pytest.mark.parametrize(
    "step", ["sign", "publish", "preview", "compare", "restore/edition-1"]
)
def test_a09_no_number_breaks_the_pages_of_an_article(staff, pk, step):
    response = staff.get(f"/admin/articles/article/{pk}/{step}/")

    assert response.status_code == 404


@pytest.mark.parametrize("field", ["password", "author", "nothing"])
def test_a09_only_the_fields_of_the_form_can_be_searched(staff, field):
    for model in ("article", "edition", "user"):
        response = staff.get(
            "/admin/autocomplete/",
            {
                "app_label": "articles",
                "model_name": model,
                "field_name": field,
                "term": "a",
            },
        )
        assert response.status_code == 403


# A30, A31: one page for everybody ############################################


def comparable(response):
    """All that a visitor gets; only the time of an answer may differ."""
    headers = {k: v for k, v in response.items() if k not in {"Date", "Expires"}}
    return response.status_code, headers, response.getvalue()


def pages_for_everybody():
    return [address for address in public_addresses() if "/media/" not in address]


def test_a30_a_member_of_staff_gets_the_same_bytes_and_no_cookie(client, site):
    user = site()
    anonymous = {address: client.get(address) for address in pages_for_everybody()}
    client.force_login(user)
    client.get("/admin/")
    client.post("/admin/language/", {"language": "it"})

    for address, plain in anonymous.items():
        response = client.get(address)

        assert comparable(response) == comparable(plain), address
        assert response.cookies == plain.cookies == {}, address
        assert "Cookie" not in response.get("Vary", ""), address


def test_a30_a_message_for_staff_waits_until_they_are_back_at_the_desk(client, site):
    client.force_login(site())
    client.post(
        page_of("signed", "publish"),
        {"version": article_of("signed").standing(), "when": "now"},
    )

    public = client.get("/").text
    desk = client.get("/admin/").text

    assert "Article published" not in public
    assert "Article published" in desk


def test_a30_cookies_are_sent_to_the_desk_only(client):
    user = factories.UserFactory()
    user.set_password("a long enough password")
    user.save()
    client.get("/admin/login/")
    client.post(
        "/admin/login/",
        {"username": user.username, "password": "a long enough password"},
    )
    client.post("/admin/language/", {"language": "it"})

    assert {cookie["path"] for cookie in client.cookies.values()} == {"/admin/"}
    assert {name: cookie["samesite"] for name, cookie in client.cookies.items()} == {
        "csrf": "Lax",
        "device": "Strict",
        "language": "Lax",
        "session": "Lax",
    }


KINDS = [
    "/",
    "/articles/",
    "/articles/fever/",
    "/articles/fever/editions/1/",
    "/articles/gone/",
    "/articles/gone/editions/1/",
    "/topics/liver/",
    "/doctors/ada/",
    "/it/contatti/",
    "/it/not-there/",
    "/robots.txt",
]
DISGUISES = [
    {"x-forwarded-host": "evil.example"},
    {"x-forwarded-server": "evil.example"},
    {"x-forwarded-port": "1"},
    {"x-forwarded-proto": "https"},
    {"x-forwarded-prefix": "/evil"},
    {"x-forwarded-for": "<x-attack>"},
    {"forwarded": "host=evil.example;proto=https"},
    {"x-host": "evil.example"},
    {"x-original-url": "/admin/"},
    {"x-rewrite-url": "/admin/"},
    {"x-http-method-override": "DELETE"},
    {"x-method-override": "POST"},
    {"accept": "application/json"},
    {"accept-language": "it"},
    {"cookie": "language=it; session=abc; csrf=abc"},
    {"range": "bytes=0-10"},
    {"user-agent": "evil"},
    {"x-requested-with": "XMLHttpRequest"},
    {"host": "testserver:8080"},
    {"authorization": "Basic YTpi"},
]


def test_a31_no_header_changes_a_page(client, site):
    site()

    for address in KINDS:
        plain = comparable(client.get(address))
        for headers in DISGUISES:
            disguised = comparable(client.get(address, headers=headers))

            assert disguised == plain, (address, headers)


def test_a31_no_unknown_parameter_changes_a_page(client, site):
    site()

    for address in KINDS:
        plain = comparable(client.get(address))
        for query in ("utm_source=x", "a=1&a=2", "a;page=2", "%23", "language=it"):
            asked = comparable(client.get(f"{address}?{query}"))

            assert asked == plain, (address, query)


def test_a31_the_body_of_a_get_changes_nothing(client, site):
    site()

    response = client.generic("GET", "/articles/", b"page=2&language=it")

    assert comparable(response) == comparable(client.get("/articles/"))


@pytest.mark.parametrize(
    "address",
    [
        "/admin/x.css",
        "/admin/articles/article/x.jpg",
        "/admin/articles/article/1/change/x.css",
        "/admin/%2e%2e/x.css",
        "/admin/login/x.js",
        "/admin/;x.css",
    ],
)
def test_a32_no_page_of_the_desk_passes_for_a_file_that_caches_keep(staff, address):
    response = staff.get(address)

    assert response.status_code in {301, 302, 404}
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]


@pytest.mark.parametrize(
    "address",
    [
        "/articles/fever/x.jpg", "/articles/fever/x.css/",
        "/articles/fever/editions/1/x.css", "/articles/fever/editions/1.css/",
    ],
)  # fmt: skip
def test_a32_no_public_page_answers_under_the_name_of_a_file(client, site, address):
    site()

    assert client.get(address).status_code == 404


def test_a33_unknown_parameters_make_no_further_pages(visitor, site):
    site()

    tags = {visitor.get(f"/articles/?x={number}")["ETag"] for number in range(20)}

    assert len(tags) == 1
    assert len(visitor.rendered) == 1


# A34: hosts ##################################################################


HOSTS = [
    "evil.example",
    "evil.example:80",
    "localhost:80@evil.example",
    "testserver@evil.example",
    "testserver.evil.example",
    "eviltestserver",
    "testserver:80:80",
    "testserver:abc",
    "testserver/../",
    "testserver\r\nX: y",
    "<x-attack>",
    "[::1",
    "\x00",
    "testserver, evil.example",
    " ",
]


def test_a34_another_host_is_refused_everywhere(client, site, subtests):
    site()
    pages = ["/", "/it/contatti/", "/articles/fever/", "/admin/", "/contact"]

    for host, address in product(HOSTS, pages):
        with subtests.test(host=host, address=address):
            response = client.get(address, headers={"host": host})

            assert response.status_code == 400
            assert "evil" not in response.text
            assert attacks_in(response.content) == []


def test_a34_no_page_repeats_the_host(client, site):
    site()

    for address in pages_for_everybody():
        assert b"testserver" not in client.get(address).getvalue(), address


# A35: the log ################################################################


@pytest.mark.parametrize(
    "path",
    ["%0aforged", "%0d%0aforged", "%1b[31mforged", "%c2%85forged", "%e2%80%a8forged"],
)
def test_a35_a_path_cannot_write_a_line_of_its_own_into_the_log(client, caplog, path):
    with caplog.at_level(logging.WARNING, "django.request"):
        client.get(f"/{path}/")

    (record,) = (r for r in caplog.records if "forged" in r.getMessage())
    assert record.getMessage().isprintable()
    assert len(record.getMessage().splitlines()) == 1


# A42: verbs ##################################################################

VERBS = ["TRACE", "PUT", "DELETE", "PATCH", "POST", "CONNECT", "OPTIONS", "X" * 50]


@pytest.mark.parametrize("checked", [True, False], ids=["strict", "lenient"])
def test_a42_public_addresses_can_only_be_read(site, subtests, checked):
    site()
    client = Client(enforce_csrf_checks=checked)
    before = state()

    for verb in VERBS:
        with subtests.test(verb=verb):
            for address in public_addresses():
                response = client.generic(verb, address, b"x=<x-attack>")

                missing = "not-there" in address or address.endswith("/editions/3/")
                allowed = {403, 404, 405} if missing else {403, 405}
                assert response.status_code in allowed, address
                assert MARK not in response.text, address
            assert state() == before


def test_a42_no_other_verb_changes_anything_at_the_desk(site, subtests):
    user = site()
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    addresses, before = desk_addresses(), state()

    for verb in sorted({*VERBS} - {"CONNECT", "POST"}):
        with subtests.test(verb=verb):
            for address in addresses:
                response = client.generic(verb, address, b"_save=1")

                assert response.status_code in {200, 302, 403, 405}, address
                assert "_save=1" not in response.text, address
            assert state() == before


def forms():
    """Every form of the desk, with an answer that would do something."""
    desk_of = "/admin/articles/article"
    steps = [
        ("fresh", "submit"), ("sent", "return"), ("fresh", "sign"), ("sent", "sign"),
        ("signed", "publish"), ("fever", "withdraw"), ("planned", "call-off"),
        ("other", "call-off"), ("other", "review"), ("fever", "restore/edition-1"),
        ("back", f"restore/{save_of('back')}"), ("fresh", "delete"),
        ("fresh", "change"),
    ]  # fmt: skip
    answer = {
        "post": "yes", "_save": "1", "when": "now", "outcome": "CORRECT", "note": "x",
        "title": "x", "slug": "x", "language": "en",
    }  # fmt: skip
    found = [
        (page_of(slug, step), answer | {"version": article_of(slug).standing()})
        for slug, step in steps
    ]
    chosen = {"_selected_action": [article_of("fresh").pk]}
    password = {"password1": "four plain words", "password2": "four plain words"}
    colleague = User.objects.get(username="colleague")
    deleted, user = history.deleted().get().pk, User.objects.first()
    wording, group = Wording.objects.first(), Group.objects.last()
    return [
        *found,
        (f"{desk_of}/", chosen | {"action": "publish_unreviewed", "confirmed": "yes"}),
        (f"{desk_of}/", chosen | {"action": "delete_selected", "post": "yes"}),
        (f"{desk_of}/deleted/{deleted}/", {}),
        (f"{desk_of}/advice/", answer),
        (f"{desk_of}/add/", answer),
        (f"/admin/articles/wording/{wording.pk}/change/", answer | {"phrase": "x"}),
        (f"/admin/articles/wording/{wording.pk}/delete/", {"post": "yes"}),
        (f"/admin/auth/group/{group.pk}/change/", {"name": "x"}),
        ("/admin/clinic/practice/1/change/", answer),
        ("/admin/clinic/picture/add/", answer),
        ("/admin/clinic/user/add/", password | {"username": "x"}),
        (f"/admin/clinic/user/{user.pk}/change/", {"username": "x"}),
        (f"/admin/clinic/user/{colleague.pk}/password/", password),
        ("/admin/language/", {"language": "it"}),
        ("/admin/login/", {"username": "x", "password": "x"}),
        ("/admin/logout/", {}),
        ("/admin/password_change/", password),
    ]


def test_a42_reading_changes_nothing(client, site):
    client.force_login(site())
    before = state()

    for address, data in forms():
        if address == "/admin/logout/":  # tried at the end
            continue
        for query in ("", "?" + urlencode(data, doseq=True)):
            client.get(address + query)
            client.head(address + query)
            client.get(address + query, headers={"x-http-method-override": "POST"})
    for address in chain(public_addresses(), desk_addresses()):
        client.get(address)
        client.head(address)
    client.get("/admin/logout/")

    assert state() == before
    assert client.get("/admin/").status_code == 200  # still signed in


# A29: forged forms ###########################################################


def test_a29_no_form_of_the_desk_is_accepted_without_its_token(site):
    user = site()
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    before = state()

    for address, data in forms():
        for headers in (
            {},
            {"origin": "null"},
            {"origin": "https://evil.example"},
            {"x-csrftoken": "x" * 64},
        ):
            response = client.post(address, data, headers=headers)

            assert response.status_code == 403, address
            assert "no-store" in response["Cache-Control"], address
    assert state() == before
    assert client.get("/admin/").status_code == 200  # still signed in


def test_a29_the_forms_that_were_forged_would_have_done_something(client, site):
    """Refused for nothing but the token: each page knows this person and this form."""
    client.force_login(site())
    is_sure(client)
    no_change = ("/advice/", "/language/", "/login/", "/logout/", "/password_change/")
    incomplete = ("/practice/1/change/", "/picture/add/", "/add/", "/change/")

    for number in range(len(forms())):
        address, data = forms()[number]
        before = state()
        with transaction.atomic():
            response = client.post(address, data)
            changed = state() != before
            transaction.set_rollback(True)

        assert response.status_code in {200, 302}, address
        if not address.endswith((*no_change, *incomplete)):
            assert changed is True, (address, data)


# A18, A46: files and leaks ###################################################


@pytest.mark.parametrize(
    "address",
    [
        "/.git/config",
        "/.git/HEAD",
        "/.env",
        "/.env.example",
        "/db.sqlite3",
        "/portal.sqlite3",
        "/var/portal.sqlite3",
        "/secret-key",
        "/backup.zip",
        "/settings.py",
        "/clinic/settings.py",
        "/manage.py",
        "/static/",
        "/static/../manage.py",
        "/static/..%2fmanage.py",
        "/static/%2e%2e/clinic/settings.py",
        "/static/..%5cmanage.py",
        "/static//etc/passwd",
        "/static/css/",
        "/static/css/base.css.bak",
        "/static/css/base.css%00",
        "/media/",
        "/errors/500.en.html",
        "/phpinfo.php",
        "/wp-login.php",
        "/administrator/",
        "/server-status",
        "/debug/",
        "/__debug__/",
        "/metrics",
        "/.well-known/security.txt",
        "/admin/doc/",
        "/admin/.git/config",
    ],
)
def test_a46_nothing_lies_about(staff, address):
    response = staff.get(address)

    assert response.status_code == 404
    for secret in ("SECRET_KEY", "INSTALLED_APPS", "[core]", "root:", "Traceback"):
        assert secret not in response.text


def test_a46_visitors_learn_nothing_of_the_desk_but_its_door(client):
    for address in ("/admin/doc/", "/admin/articles/article/1/change/", "/admin/x/"):
        response = client.get(address)

        assert response.status_code == 302
        assert response["Location"] == f"/admin/login/?next={address}"


def test_a46_no_page_names_its_software(client, site):
    site()

    for address in public_addresses():
        response = client.get(address)

        assert "Server" not in response.headers, address
        assert "X-Powered-By" not in response.headers, address
        assert not re.search(rb"(?i)django|python|gunicorn", response.getvalue()), (
            address
        )


def test_a46_an_unknown_page_shows_no_list_of_addresses(client):
    assert "urlconf" not in client.get("/not-there/").text.lower()
    assert "urlpatterns" not in client.get("/not-there/").text.lower()


def test_a07_no_email_address_adds_a_header(client):
    address = 'x"\r\nSet-Cookie: x-attack=1\r\n\r\n<x-attack>@example.org'
    email = factories.EmailFactory(address=address)

    response = client.get(email.get_absolute_url())

    assert "Set-Cookie" not in response.headers
    assert MARK not in response.text
    assert re.fullmatch(r"mailto:[\w%.+@-]+", response["Location"])


def test_a04_the_address_of_an_empty_form_cannot_break_it(staff):
    assert staff.get("/admin/articles/article/add/?picture=abc").status_code == 200


def test_a44_nul_finds_no_article_to_translate(staff):
    response = staff.get(
        "/admin/autocomplete/",
        {
            "app_label": "articles",
            "model_name": "article",
            "field_name": "translation_of",
            "term": "\0",
        },
    )

    assert response.json() == {"results": [], "pagination": {"more": False}}
