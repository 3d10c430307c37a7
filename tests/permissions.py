"""Who gets in where: every role at every address of the portal, as it is now.

``python -m tests.permissions`` prints the table; what it should be stands in
permissions.txt, and test_permissions.py compares the two. Whoever changes what a role
may do looks at the difference, line by line, and then writes the new table:

    .venv/bin/python -m tests.permissions > tests/permissions.txt
"""

import logging
import re
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

if __name__ == "__main__":
    import os

    import django

    from tests import environment  # noqa: F401  before Django's settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    django.setup()

from django.conf import settings
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.test.client import ClientHandler
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone, translation

from articles import history
from articles.models import (
    Article,
    Link,
    LinkPlace,
    Redirect,
    Statement,
    Synonym,
    Unfound,
    Wording,
)
from clinic import audit
from clinic.models import MissedAddress, Picture, User
from clinic.signing_in import pending
from tests import factories
from tests.clinic.test_admin import fields
from tests.conftest import upload

# In the order in which the table has their letters.
ROLES = {
    "a": "anonymous",
    "i": "inactive (staff, switched off)",
    "n": "no role (staff)",
    "v": "view only (staff who may look at everything)",
    "w": "writer",
    "r": "reviewer",
    "m": "manager",
    "s": "superuser",
}
PASSWORD = "a long and winding sentence"
NEW = "another plain and winding sentence"
OTHER_VERBS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# What a request may write without having changed anything.
BOOKS = {
    "clinic_auditentry", "clinic_session", "clinic_throttle", "django_admin_log",
    "django_session",
}  # fmt: skip


# The site #####################################################################


@dataclass
class Site:
    """A portal with one of everything, and an account in each role."""

    rows: dict[str, object] = field(default_factory=dict)
    accounts: dict[str, User] = field(default_factory=dict)
    browsers: dict[str, "Browser"] = field(default_factory=dict)


def build() -> Site:
    site = Site()
    site.accounts = accounts()
    site.rows = rows_of(site.accounts["r"], site.accounts["w"])
    site.browsers = {letter: Browser(site.accounts.get(letter)) for letter in ROLES}
    User.objects.filter(pk=site.accounts["i"].pk).update(is_active=False)
    return site


def accounts() -> dict[str, User]:
    doctor = factories.DoctorFactory(slug="ada", first_name="Ada")
    found = {
        letter: factories.UserFactory(
            username=ROLES[letter].split()[0], is_superuser=letter == "s"
        )
        for letter in "invwrms"
    }
    for letter, role in {"w": "writer", "r": "reviewer", "m": "manager"}.items():
        found[letter].groups.add(Group.objects.get(name=role))
    found["i"].groups.set(Group.objects.all())
    found["v"].user_permissions.set(
        Permission.objects.filter(codename__startswith="view_")
    )
    for letter in "rs":
        found[letter].doctor = doctor
    for user in found.values():
        user.set_password(PASSWORD)
        user.save()
        factories.AuthenticatorFactory(user=user)
    return found


def rows_of(doctor: User, writer: User) -> dict[str, object]:
    """Return one row of each model by its name, and an article for each step."""
    practice = factories.PracticeFactory()
    factories.PhoneFactory()
    rows: dict[str, object] = {
        "practice": practice,
        "email": factories.EmailFactory(),
        "doctor": doctor.doctor,
        "topic": factories.TopicFactory(slug="lungs"),
        "used_topic": factories.TopicFactory(slug="liver"),
        "condition": factories.ConditionFactory(),
        "group": Group.objects.create(name="Guests"),
        "picture": Picture.objects.create_from_upload(upload(name="x.jpg")),
        "wording": Wording.objects.create(language="en", phrase="x", reason="x"),
        "synonym": Synonym.objects.create(language="en", words="cold", means="flu"),
        "unfound": Unfound.objects.create(
            language="en",
            words="cough",
            count=3,
            first_date=timezone.localdate(),
            last_date=timezone.localdate(),
        ),
        "missedaddress": MissedAddress.objects.create(
            path="/old", count=3, last_seen=timezone.now()
        ),
        "auditentry": audit.record(doctor, "ADDED", "something"),
        "term": factories.TermFactory(name="biopsy"),
        "user": factories.UserFactory(username="colleague", is_superuser=False),
        "root": factories.UserFactory(username="root"),
    }
    for account in (rows["user"], rows["root"]):
        factories.AuthenticatorFactory(user=account)
    factories.entry(name="fever")
    Statement.objects.fill_in()
    rows["statement"] = Statement.objects.first()
    rows |= articles_of(doctor, writer, rows["used_topic"])
    rows["redirect"] = Redirect.objects.create(
        path="/gone-long-ago", language="en", topic=rows["topic"]
    )
    link = Link.objects.create(kind="WEB", address="https://www.example.org/x")
    link.gone("404")
    rows["linkplace"] = LinkPlace.objects.create(
        link=link, article=rows["live"], part=LinkPlace.Part.BODY, sentence="x"
    )
    LogEntry.objects.create(
        user=writer,
        content_type=ContentType.objects.get_for_model(Article),
        object_id=str(rows["live"].pk),
        object_repr="x",
        action_flag=ADDITION,
    )
    return rows


def articles_of(doctor: User, writer: User, topic: object) -> dict[str, Article]:
    """Return an article in each state; drafts are the writer's."""
    drafts = ("draft", "sent", "signed", "deleted")

    def write(slug: str, **kwargs: object) -> Article:
        article = factories.ArticleFactory(
            slug=slug, title=slug, topic=topic, author=doctor.doctor, **kwargs
        )
        article.written(writer if slug in drafts else doctor)
        return article

    names = (*drafts, "live", "planned", "gone", "original")
    made = {name: write(name) for name in names}
    for name in ("sent", "signed"):
        made[name].submit(by=writer)
    made["signed"].sign(by=doctor)
    for name in ("live", "gone", "original"):
        factories.publish(made[name], doctor)
    later = timezone.now() + timedelta(days=9)
    factories.publish(made["planned"], doctor, at=later)
    made["gone"].refresh_from_db()
    made["gone"].withdraw(by=doctor)
    made["deleted"].delete()
    original = made["original"]
    original.refresh_from_db()
    made["behind"] = write("behind", language="it", translation_of=original)
    factories.publish(made["behind"], doctor)
    original.refresh_from_db()
    original.change_kind, original.change_note = "CONTENT", "New."
    original.body += "<p>More.</p>"
    original.written(doctor)
    factories.publish(original, doctor)
    for name, article in made.items():
        if name != "deleted":
            article.refresh_from_db()
    return made


class Browser(RequestFactory):
    """What one person sends; signed in, with the right token, as quickly as it goes."""

    def __init__(self, user: User | None) -> None:
        super().__init__()
        self.handler = ClientHandler(enforce_csrf_checks=True)
        self.token = secrets.token_hex(16)
        if user is not None:
            client = Client()
            client.force_login(user)
            session = client.session
            session[pending.SURE] = time.time()  # who has just typed the password
            session.save()
            name = settings.SESSION_COOKIE_NAME
            self.cookies[name] = client.cookies[name].value
        self.cookies[settings.CSRF_COOKIE_NAME] = self.token

    def request(self, **request):
        return self.handler(self._base_environ(**request))

    def send(self, address: str, data: dict[str, object]):
        return self.post(address, data | {"csrfmiddlewaretoken": self.token})


# The addresses ################################################################


@dataclass(frozen=True)
class Place:
    """An address as the table has it, and as it is asked for; its names for forms."""

    shown: str
    address: str
    name: str = ""
    model: str = ""
    row: object = None


def patterns(resolver, prefix="", namespace="") -> Iterator[tuple[str, str]]:
    """Yield every route with its name, that of its namespace before it."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, namespace + (entry.name or "")
        else:
            inner = f"{entry.namespace}:" if entry.namespace else ""
            yield from patterns(entry, route, namespace + inner)


def places(site: Site) -> Iterator[Place]:
    """Yield every address of the portal; of accounts and articles several."""
    with translation.override("en"):
        for route, name in patterns(get_resolver()):
            yield from of_route(route, name, site)
    yield Place("/not-there/", "/not-there/")
    yield Place("/it/", "/it/")


# The article that each page of a step is asked about.
ABOUT = {
    "submit": "draft", "return": "sent", "sign": "sent", "publish": "signed",
    "withdraw": "live", "replace": "gone", "call-off": "planned", "review": "live",
    "preview": "draft", "compare": "live", "restore": "live", "translate": "live",
    "align": "behind",
}  # fmt: skip


def of_route(route: str, name: str, site: Site) -> Iterator[Place]:
    rows = site.rows
    found = re.fullmatch(r"admin:(auth|articles|clinic)_([a-z]+)_([a-z_-]+)", name)
    if found is None:
        yield from of_other_route(route, name, site)
        return
    app, model, page = found.groups()
    if page in ABOUT:
        article: Article = rows[ABOUT[page]]
        args = {"restore": ["edition-1"], "translate": ["it"]}.get(page, [])
        query = "?before=edition-1&after=draft" if page == "compare" else ""
        yield place(name, [article.pk, *args], model, article, "<article>", query)
    elif page == "recover":
        version = history.deleted().get()
        yield place(name, [version.pk], model, version, "<save>")
    elif page in ("changelist", "add", "advice", "deleted"):
        yield place(name, [], model, rows.get(model))
    elif model == "user":
        for which in ("colleague", "root"):
            row = rows["user" if which == "colleague" else "root"]
            yield place(name, [row.pk], model, row, f"<{which}>")
        own = place(name, [0], model, None, "<own>").shown
        yield Place(own, "", name, model)
    elif model == "article":
        for which in ("draft", "live"):
            yield place(name, [rows[which].pk], model, rows[which], f"<{which}>")
    else:
        yield place(name, [rows[model].pk], model, rows[model], f"<{model}>")


def place(name, args, model="", row=None, shown="", query="") -> Place:
    address = reverse(name, args=args)
    told = address
    if args and shown:
        told = address.replace(f"/{args[0]}/", f"/{shown}/", 1)
    return Place(told, address + query, name, model, row)


def of_other_route(route: str, name: str, site: Site) -> Iterator[Place]:
    """Those that belong to no model of the desk."""
    if route.endswith("<path:object_id>/") and name == "admin:":
        return  # older addresses of change pages, which lead there
    if name == "admin:":
        yield Place("/admin/not-there/", "/admin/not-there/")
        return
    if name == "admin:view_on_site":
        kind = ContentType.objects.get_for_model(type(site.rows["doctor"]))
        address = reverse(name, args=[kind.pk, site.rows["doctor"].pk])
        yield Place("/admin/r/<doctor>/", address, name)
        return
    if name == "admin:app_list":
        for app in ("articles", "auth", "clinic"):
            yield Place(f"/admin/{app}/", f"/admin/{app}/", name)
        return
    if name == "admin:autocomplete":
        for field_of in AUTOCOMPLETE:
            address = f"{reverse(name)}?{field_of}"
            yield Place(address, address, name)
        return
    picture = site.rows["picture"]
    args = {
        "picture": [picture.key, picture.widths[0], picture.fallback],
        "sitemap_articles": [0],
        "clinic:email": [site.rows["email"].pk],
        "articles:edition": ["live", 1],
        "articles:letter": ["l"],
        "articles:glossary_letter": ["f"],
    }.get(name)
    slug = {"clinic:doctor": "ada", "articles:topic": "liver"}
    if args is None and "<slug:slug>" in route:
        found = [word for start, word in slug.items() if name.startswith(start)]
        for word in found or ["live", "draft"]:
            yield Place(reverse(name, args=[word]), reverse(name, args=[word]), name)
        return
    address = reverse(name, args=args or [])
    shown = "/media/pictures/<picture>" if name == "picture" else address
    yield Place(shown, address, name)


AUTOCOMPLETE = [
    "app_label=articles&model_name=article&field_name=translation_of",
    "app_label=articles&model_name=article&field_name=picture",
    "app_label=articles&model_name=related&field_name=other",
    "app_label=articles&model_name=redirect&field_name=article",
    "app_label=clinic&model_name=user&field_name=doctor",
]


# What is sent to them #########################################################


def deeds(
    place: Place, site: Site, sent: dict[str, object]
) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield what a form sends to the address, each with a word for the table.

    ``sent`` is what the page's own form sends as it stands.
    """
    own = OTHER_DEEDS.get(place.name)
    page = place.name.rpartition("_")[2]
    row = place.row
    if own is not None:
        yield "", own
    elif page == "changelist":
        yield from of_list(place, site)
    elif page == "delete":
        yield "", {"post": "yes"}
    elif page == "add":
        yield "", sent | added(place.model, site)
    elif place.name == "admin:auth_user_password_change":
        yield "", {"password1": NEW, "password2": NEW, "set-password": "1"}
    elif page == "change":
        yield "", sent | changed(place.model)
    elif place.model == "article" and page in ABOUT:
        yield (
            "",
            {
                "version": row.standing(),
                "when": "now",
                "outcome": "CORRECT",
                "note": "Said.",
                "replaced_by": site.rows["live"].pk if page == "replace" else "",
                "original_number": 2,
            },
        )
    else:
        yield "", {}


# What a form carries for itself.
OWN = {"csrfmiddlewaretoken", "_seen"}


def form(response) -> dict[str, object]:
    """Return what a browser would send of the page, as it stands there."""
    if response.status_code != 200:
        return {}
    return {
        name: value
        for name, value in fields(response).items()
        if value is not None and name not in OWN
    }


def of_list(place: Place, site: Site) -> Iterator[tuple[str, dict[str, object]]]:
    key = getattr(place.row, "pk", 0)
    chosen = {"_selected_action": [key]}
    if place.model == "article":
        chosen = {"_selected_action": [site.rows["draft"].pk]}
        publish = {"action": "publish_unreviewed", "confirmed": "yes"}
        yield "publish_unreviewed", chosen | publish
    if place.model in ("unfound", "missedaddress"):
        yield "ignore", {"_ignore": str(key)}
        yield "ignore_many", chosen | {"action": "ignore"}
    yield "delete_selected", chosen | {"action": "delete_selected", "post": "yes"}


def added(model: str, site: Site) -> dict[str, object]:
    """What has to be typed into an empty form."""
    return {
        "article": {
            "title": "New", "slug": "new", "summary": "New.", "body": "<p>New.</p>",
            "language": "en", "topic": site.rows["topic"].pk,
        },
        "condition": {"name_0": "New", "name_1": "Nuovo", "mesh": "D000001"},
        "group": {"name": "New"},
        "picture": {"name": "New"},
        "redirect": {"path": "/new", "language": "en", "topic": site.rows["topic"].pk},
        "synonym": {"language": "en", "words": "new", "means": "fresh"},
        "term": {
            "language": "en", "name": "new", "slug": "new", "definition": "New.",
        },
        "topic": {"name_0": "New", "name_1": "Nuovo", "slug": "new", "position": 1},
        "user": {"username": "new", "password1": PASSWORD, "password2": PASSWORD},
        "wording": {"language": "en", "phrase": "new", "reason": "New."},
    }.get(model, {}) | {"_save": "1"} | (
        {"upload": upload()} if model == "picture" else {}
    )  # fmt: skip


def changed(model: str) -> dict[str, object]:
    """What is typed over in a form that is filled in."""
    return {
        "article": {"title": "Other"},
        "condition": {"name_0": "Other"},
        "group": {"name": "Other"},
        "picture": {"name": "Other"},
        "practice": {"name": "Other"},
        "redirect": {"path": "/other"},
        "statement": {"body": "<p>Other.</p>"},
        "synonym": {"means": "other"},
        "term": {"definition": "Other."},
        "topic": {"position": 7},
        "user": {"last_name": "Other"},
        "wording": {"reason": "Other."},
    }.get(model, {}) | {"_save": "1"}


OTHER_DEEDS: dict[str, dict[str, object]] = {
    "set_language": {"language": "it"},
    "admin:login": {"username": "manager", "password": "wrong"},
    "admin:logout": {},
    "admin:password_change": {
        "old_password": PASSWORD,
        "new_password1": NEW,
        "new_password2": NEW,
    },
}


# Who gets in ##################################################################


class Writes:
    """Notes which tables a request has changed."""

    PATTERN = re.compile(r'(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM) "(\w+)"')

    def __init__(self) -> None:
        self.tables: set[str] = set()

    def __call__(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        self.tables.update(self.PATTERN.findall(sql))
        return result


def tried(ask) -> tuple[object, set[str]]:
    """Return the answer to a request and the tables it changed; take all back."""
    writes = Writes()
    with transaction.atomic():
        with connection.execute_wrapper(writes):
            response = ask()
        if response.streaming:
            b"".join(response.streaming_content)  # which closes its file
        transaction.set_rollback(True)
    return response, writes.tables


def got_in(response) -> bool:
    """Whether the page was shown, or led on to another than the one to sign in at."""
    if response.status_code in (301, 302):
        return not response["Location"].startswith("/admin/login/")
    return response.status_code in (200, 304)


@dataclass
class Walk:
    """What was found: the lines of the table, and what must never be."""

    lines: list[tuple[str, str, str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    requests: int = 0
    # What somebody sees who may only look, by address.
    looked_at: dict[str, str] = field(default_factory=dict)


def walk(site: Site) -> Walk:
    found = Walk()
    # Every refusal would be a line, and many a traceback.
    logging.disable(logging.CRITICAL)
    for place in places(site):
        Visit(found, site, place).make()
    logging.disable(logging.NOTSET)
    found.lines.sort()
    return found


class Visit:
    """Everybody at one address."""

    def __init__(self, found: Walk, site: Site, place: Place) -> None:
        self.found, self.site, self.place = found, site, place
        # Outside of the desk nobody has a cookie (A30): two stand for all.
        at_desk = place.shown.startswith("/admin/")
        self.asked = list(ROLES) if at_desk else ["a", "s"]

    def make(self) -> None:
        answers = {letter: self.read(letter) for letter in self.asked}
        reads = self.letters(lambda letter: got_in(answers[letter]))
        page = form(answers["s"]) if self.has_form() else {}
        for number, (word, _data) in enumerate(deeds(self.place, self.site, page)):
            writes = self.letters(
                lambda letter, number=number: self.writes(
                    letter, answers[letter], page, number
                )
            )
            self.found.lines.append((self.place.shown, reads, writes, word))

    def has_form(self) -> bool:
        return self.place.name.endswith(("_add", "_change"))

    def letters(self, is_so) -> str:
        """Return the letter of each for whom it is so, and a dash for the others."""
        told = {letter: is_so(letter) for letter in self.asked}
        if len(told) == 2 and told["a"] == told["s"]:
            told = dict.fromkeys(ROLES, told["a"])
        return "".join(letter if told.get(letter) else "-" for letter in ROLES)

    def address(self, letter: str) -> str:
        """Return the address; of "own" that of the person's account."""
        if self.place.address:
            return self.place.address
        user = self.site.accounts.get(letter, self.site.rows["user"])
        return self.place.shown.replace("<own>", str(user.pk))

    def ask(self, letter: str, verb: str, **sent):
        """Return the answer, and the tables that were changed."""
        browser, address = self.site.browsers[letter], self.address(letter)
        self.found.requests += 1
        response, tables = tried(lambda: getattr(browser, verb)(address, **sent))
        if response.status_code >= 500:
            self.fault(letter, verb, response.status_code)
        return response, tables - BOOKS, "clinic_auditentry" in tables

    def fault(self, letter: str, what: str, found: object) -> None:
        self.found.faults.append(f"{letter} {what} {self.address(letter)}: {found}")

    def read(self, letter: str):
        """Read it, and try what other verbs do there."""
        response, tables, _logged = self.ask(letter, "get")
        if tables:
            self.fault(letter, "GET changes", tables)
        is_page = response.status_code == 200 and not response.streaming
        if letter == "v" and is_page:
            self.found.looked_at[self.place.shown] = response.content.decode()
        if letter in ("a", "s"):
            self.try_other_verbs(letter, got_in(response))
        return response

    def try_other_verbs(self, letter: str, reads: bool) -> None:
        head, tables, _logged = self.ask(letter, "head")
        if got_in(head) != reads or tables:
            self.fault(letter, "HEAD", head.status_code)
        headers = {"X-CSRFToken": self.site.browsers[letter].token}
        for verb in OTHER_VERBS:
            other, tables, _logged = self.ask(letter, verb.lower(), headers=headers)
            if other.status_code not in (403, 404, 405) or tables:
                self.fault(letter, verb, other.status_code)

    def writes(self, letter: str, shown, page: dict, number: int) -> bool:
        """Send the form; whether it changed anything. Without the token never."""
        if not self.place.address:
            page = form(shown) if self.has_form() else {}
        _word, data = list(deeds(self.place, self.site, page))[number]
        _answer, tables, logged = self.ask(letter, "send", data=data)
        if tables and not logged:
            self.fault(letter, "POST is in no log", tables)
        if letter == "s":
            for file in data.values():
                getattr(file, "seek", int)(0)
            forged, written, _logged = self.ask(letter, "post", data=data)
            if forged.status_code not in (403, 404, 405) or written:
                self.fault(letter, "POST without token", forged.status_code)
        return bool(tables)


HEADER = """\
# Who gets in where; nobody who is not named in a line.
#
{roles}
#
# reads: whom GET and HEAD show the page. changes: whose form changes something, sent
# with the right token; what it does stands behind it if an address takes several.
# Nobody gets in by another verb. <own> is the account of whoever asks, <root> that of
# a superuser. python -m tests.permissions prints it anew: read each line that differs.

{title}
"""


def table(found: Walk) -> str:
    """Write the table as it is kept."""
    roles = "\n".join(f"#   {letter}  {name}" for letter, name in ROLES.items())
    width = max(len(line[0]) for line in found.lines) + 2
    title = f"# {'address':{width - 2}}{'reads':10}{'changes':10}"
    lines = [
        f"{address:{width}}{reads:10}{writes:10}{word}".rstrip()
        for address, reads, writes, word in found.lines
    ]
    return HEADER.format(roles=roles, title=title.rstrip()) + "\n".join(lines) + "\n"


def main() -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    setup_test_environment()
    call_command("collectstatic", verbosity=0, interactive=False)
    connection.creation.create_test_db(verbosity=0)
    with transaction.atomic():
        found = walk(build())
        transaction.set_rollback(True)
    sys.stdout.write(table(found))
    sys.stderr.write("".join(f"FAULT {fault}\n" for fault in found.faults))
    sys.stderr.write(f"{found.requests} requests\n")


if __name__ == "__main__":
    main()
