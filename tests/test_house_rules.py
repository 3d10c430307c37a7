"""What holds for the whole repository: shape, words, locks, database."""

import ast
import importlib.metadata
import json
import os
import re
import sqlite3
import subprocess
import sys
from functools import cache
from pathlib import Path

import polib
import pytest
from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from django.template import engines
from django.utils.translation.template import templatize

from clinic import sqlite
from tests.sbom import bom, first_line_of_licence

ROOT = Path(__file__).resolve().parents[1]
APPS = ["clinic", "articles"]
TEMPLATES = [path for path in ROOT.glob("templates/**/*") if path.is_file()]
CATALOGUES = sorted(ROOT.glob("*/locale/*/LC_MESSAGES/django.po"))


def relative(path):
    return str(path.relative_to(ROOT))


@cache
def python_files(*folders):
    return [
        path for folder in folders for path in sorted(ROOT.glob(f"{folder}/**/*.py"))
    ]


def run(script, folder, **environment):
    """Run Python with the portal's settings and the data in ``folder``."""
    return subprocess.Popen(
        [sys.executable, *script],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(folder)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def output(process):
    """Wait for the process, see that it went well and return what it wrote."""
    said, _nothing = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said


# Imports #####################################################################

SEES_BOTH = {"clinic/settings.py", "clinic/urls.py", "clinic/wsgi.py"}


@cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


@pytest.mark.parametrize("path", python_files("clinic"), ids=relative)
def test_the_practice_knows_nothing_of_articles(path):
    named = {module.partition(".")[0] for module in imported(path)}

    assert "articles" not in named or relative(path) in SEES_BOTH


@pytest.mark.parametrize("path", python_files("clinic", "articles"), ids=relative)
def test_the_portal_does_not_lean_on_its_tests(path):
    assert "tests" not in {module.partition(".")[0] for module in imported(path)}


@pytest.mark.parametrize(
    "path",
    [
        *(
            ROOT / "clinic" / f"{name}.py"
            for name in ("accents", "hours", "moments", "phones", "vcard")
        ),
        *python_files("articles/markup"),
        ROOT / "articles/readability.py",
    ],
    ids=relative,
)
def test_what_turns_text_into_text_needs_neither_models_nor_settings(path):
    assert {"clinic.models", "articles.models", "django.conf", "django.db"} & set(
        imported(path)
    ) == set()


# Migrations ##################################################################


@pytest.mark.parametrize("language", ["en", "it"])
def test_no_migration_is_missing(tmp_path, language):
    command = ["manage.py", "makemigrations", "--check", "--dry-run"]

    said = output(run(command, tmp_path, LANGUAGE_CODE=language))

    assert said == "No changes detected\n"


@pytest.mark.parametrize("app", APPS)
def test_migrations_are_linear_and_named(app):
    graph = MigrationLoader(None).graph
    own = [node for node in graph.nodes if node[0] == app]

    assert len(graph.leaf_nodes(app)) == 1
    for node in own:
        children = [child for child in graph.node_map[node].children if child in own]
        assert len(children) <= 1
        assert re.fullmatch(r"\d{4}_(?!auto|initial|alter_)[a-z_]+", node[1])


# Messages ####################################################################

FUNCTIONS = {
    "_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy",
    "npgettext", "npgettext_lazy", "pgettext", "pgettext_lazy",
}  # fmt: skip
STRING = r"""u?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""
CALL = re.compile(rf"(?<!\w)(n?p?gettext|_)\(({STRING}(?:, *{STRING})*)")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def key(function, strings):
    """The context and the message of a call."""
    return (strings[0], strings[1]) if "pg" in function else (None, strings[0])


def messages_of_python(path):
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in FUNCTIONS and all(
            isinstance(given, ast.Constant) for given in node.args[:1]
        ):
            yield key(name, [getattr(given, "value", None) for given in node.args])


def messages_of_template(path):
    """Read the template as makemessages does: Django turns it into calls."""
    for function, strings in CALL.findall(templatize(path.read_text(encoding="utf-8"))):
        yield key(function, ast.literal_eval(f"[{strings}]"))


def entries(catalogue):
    return {(entry.msgctxt, entry.msgid): entry for entry in catalogue}


@cache
def known():
    """Every message of every catalogue."""
    return {key for po in CATALOGUES for key in entries(polib.pofile(po))}


def test_the_messages_of_sources_and_templates_are_found():
    desk = ROOT / "templates/admin/articles/article"

    assert (None, "Save draft") in messages_of_template(desk / "change_form.html")
    assert any(
        message.startswith("Readers see edition %(number)s")
        for _context, message in messages_of_template(desk / "state.html")
    )
    assert ("address", "contact/") in messages_of_python(ROOT / "clinic/urls.py")


@pytest.mark.parametrize(
    "path", [*python_files("clinic", "articles"), *TEMPLATES], ids=relative
)
def test_every_message_is_in_a_catalogue(path):
    read = messages_of_python if path.suffix == ".py" else messages_of_template

    assert set(read(path)) - known() == set()


# What is never translated: it is written alike in every language.
NOT_WORDS = {"DOI", "PMID", "PubMed"}
# Decoys for harvesters, which no reader sees.
DECOYS = ROOT / "templates/includes/email.html"
TAGS = re.compile(
    r"(?s){% comment %}.*?{% endcomment %}|{#.*?#}"
    r"|{% block bodyclass %}.*?{% endblock %}"
    r"|{% blocktrans(?:late)?\b.*?{% endblocktrans(?:late)? %}|{%.*?%}|{{.*?}}"
)
SPOKEN = re.compile(
    r"""(?:\s(?:aria-label|alt|placeholder|title|data-label)"""
    r"""|<input type="submit"[^>]*\svalue)="([^"]*)\""""
)


def words_outside_messages(text):
    """What a template says by itself, in its text and in what is read aloud."""
    html = TAGS.sub("", text)
    shown = re.sub(r"(?s)<!--.*?-->|<[^>]*>|&\w+;", " ", html)
    return {
        word
        for said in [shown, *SPOKEN.findall(html)]
        for word in re.findall(r"[^\W\d_]{2,}", said)
    } - NOT_WORDS


def test_words_outside_messages_are_found():
    told = words_outside_messages(
        '<p title="Help {{ x }}">Plain {% translate "known" %}</p>'
        '<input type="submit" value="Save">'
    )

    assert told == {"Help", "Plain", "Save"}


@pytest.mark.parametrize(
    "path",
    [path for path in TEMPLATES if path.suffix == ".html" and path != DECOYS],
    ids=relative,
)
def test_no_template_says_a_word_that_is_no_message(path):
    assert words_outside_messages(path.read_text(encoding="utf-8")) == set()


SAID = {
    "description", "help_text", "label", "search_help_text", "short_description",
    "verbose_name", "verbose_name_plural", "violation_error_message",
}  # fmt: skip
TOLD_BY = {"ValidationError", "success", "warning", "error", "info", "add_error"}


def untranslated(tree):
    """Yield plain strings that people would read: names, helps, refusals, messages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            names = {getattr(target, "id", "") for target in node.targets}
            found = [node.value] if names & SAID else []
        elif isinstance(node, ast.Call):
            found = [k.value for k in node.keywords if k.arg in SAID]
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name == "ValidationError":
                found += node.args[:1]
            elif name in TOLD_BY and len(node.args) == 2:
                found += node.args[1:]
        else:
            continue
        for value in found:
            is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
            if is_text and re.search(r"[^\W\d_]{2,}", value.value):
                yield value.value


def test_untranslated_words_are_found():
    tree = ast.parse(
        'verbose_name = "a"; verbose_name = "page"; f(help_text="One."); g(_("Two"))\n'
        'ValidationError("Three."); messages.error(request, "Four."); label = _("Five")'
    )

    assert list(untranslated(tree)) == ["page", "One.", "Three.", "Four."]


@pytest.mark.parametrize("path", python_files("clinic", "articles"), ids=relative)
def test_no_name_and_no_refusal_is_untranslated(path):
    if "migrations" in path.parts:
        pytest.skip("The names of models are translated where the models are.")
    assert list(untranslated(parsed(path))) == []


SCRIPTS = sorted(ROOT.glob("static/js/*.js"))


@pytest.mark.parametrize("path", SCRIPTS, ids=relative)
def test_no_script_brings_words_of_its_own(path):
    """They come with the page, in the language of the desk."""
    code = re.sub(r"(?m)^\s*//.*$|\s//\s.*$", "", path.read_text(encoding="utf-8"))
    strings = re.findall(r""""([^"\n]*)"|'([^'\n]*)'|`([^`]*)`""", code)

    sentences = [
        said
        for said in map("".join, strings)
        if re.search(r"[A-Z][a-z]+ [a-z]{2,}", said)
    ]

    assert len(strings) > 0
    assert sentences == []


@pytest.mark.parametrize("path", CATALOGUES, ids=relative)
def test_every_message_is_translated_with_its_placeholders(path):
    catalogue = polib.pofile(path, check_for_duplicates=True)

    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []
    for entry in catalogue:
        expected = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        for translation in entry.msgstr_plural.values() or [entry.msgstr]:
            assert set(PLACEHOLDER.findall(translation)) == expected


@pytest.mark.parametrize("path", CATALOGUES, ids=relative)
def test_the_compiled_catalogue_is_as_new_as_its_source(path):
    def translations(catalogue):
        return {
            key: entry.msgstr_plural or entry.msgstr
            for key, entry in entries(catalogue).items()
        }

    compiled = polib.mofile(path.with_suffix(".mo"))

    assert translations(compiled) == translations(polib.pofile(path))


def test_every_language_but_the_first_has_its_catalogues():
    codes = [code for code, _name in settings.LANGUAGES if code != "en"]

    assert [relative(path) for path in CATALOGUES] == [
        f"{app}/locale/{code}/LC_MESSAGES/django.po"
        for app in sorted(APPS)
        for code in codes
    ]


# Dependencies ################################################################


LOCKS = ["requirements.lock", "requirements-machines.lock", "requirements-dev.lock"]


def locked(name):
    """Every entry of a lock file, with the lines that belong to it."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9._-]+)(==\S+)?((?:.*\\\n)*.*)", text, re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_locked_to_a_version_and_its_hashes(name):
    entries = locked(name)

    assert len(entries) > 10
    for package, version, rest in entries:
        assert version, package
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", rest), package


def test_the_portal_and_its_tests_run_with_the_same_versions():
    runtime, machines, development = (
        {package: version for package, version, _rest in locked(name)} for name in LOCKS
    )

    assert runtime.items() <= machines.items() <= development.items()


def licence_of(package):
    """What its metadata says, or the first line of its licence."""
    metadata = importlib.metadata.metadata(package)
    told = [
        *metadata.get_all("License-Expression", []),
        *(text.split("\n")[0] for text in metadata.get_all("License", []) if text),
        *(c for c in metadata.get_all("Classifier", []) if "License ::" in c),
    ]
    return "; ".join(told) or first_line_of_licence(package)


# GPL and AGPL ask for the same licence of whatever is made with them; LGPL and MPL ask
# it of themselves.
STRICT = re.compile(r"(?<!L)GPL|(?<!Lesser )General Public|EUPL|CDDL|EPL-|Eclipse")
LENIENT = re.compile(r"LGPL|Lesser General|MPL|Mozilla")
# Used as they come and never changed.
ON_SERVERS = {
    "fido2": "MPL 2.0 for its list of public suffixes; the rest is BSD",
    "psycopg": "LGPL 3: the way to PostgreSQL, where that is asked for",
    "psycopg-binary": "LGPL 3: the same, compiled",
}
TOOLS = {
    "certifi": "MPL 2.0: a list of certificates, for pip-audit",
    "fqdn": "MPL 2.0: checks names of hosts, for cyclonedx-bom",
    "hypothesis": "MPL 2.0: makes inputs",
    "pathspec": "MPL 2.0: reads patterns of files, for mypy",
}


@pytest.mark.parametrize("package", [entry[0] for entry in locked(LOCKS[2])])
def test_no_dependency_asks_for_the_same_licence(package):
    licence = licence_of(package)

    assert licence != ""
    assert STRICT.findall(licence) == []


@pytest.mark.parametrize(
    ("name", "known"), [(LOCKS[1], ON_SERVERS), (LOCKS[2], ON_SERVERS | TOOLS)]
)
def test_of_what_asks_it_of_itself_there_is_nothing_but_what_is_known(name, known):
    asking = {
        entry[0] for entry in locked(name) if LENIENT.search(licence_of(entry[0]))
    }

    assert asking == set(known)


def test_the_list_of_parts_is_valid_and_names_what_is_locked():
    """``make sbom``; the schema comes with the library."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    found = bom()

    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(found))
    assert fault is None
    parts = {part["name"]: part for part in found["components"]}
    assert {name: f"=={part['version']}" for name, part in parts.items()} == {
        package: version.split()[0]
        for package, version, _rest in locked("requirements.lock")
    }
    for part in parts.values():
        assert part["licenses"] != [], part["name"]
        (place,) = part["externalReferences"]
        assert len(place["hashes"]) > 0, part["name"]
    needs = {entry["ref"]: entry["dependsOn"] for entry in found["dependencies"]}
    assert parts["sqlparse"]["purl"] in needs[parts["django"]["purl"]]
    root = needs[found["metadata"]["component"]["bom-ref"]]
    assert parts["django"]["purl"] in root
    reached, waiting = set(), list(root)
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += needs[ref]
    assert reached == {part["purl"] for part in parts.values()}


def test_who_finds_a_weakness_is_told_where_to_say_so():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")

    assert "SECURITY_CONTACT" in text
    assert "/.well-known/security.txt" in text
    assert "@" not in text


# Templates and static files ##################################################


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_every_template_compiles(path):
    name = str(path.relative_to(ROOT / "templates"))

    template = engines["django"].get_template(name)

    assert template.origin.name == str(path)


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_no_style_no_script_and_no_handler_stands_in_a_template(path):
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"(?i)<style|\sstyle=|\son[a-z]+\s*=|javascript:", text) == []
    scripts = re.findall(r"(?i)<script[^>]*>", text)
    assert [script for script in scripts if " src=" not in script] == []


STATIC = [
    path for path in ROOT.glob("static/**/*") if path.suffix in {".css", ".js", ".svg"}
]


@pytest.mark.parametrize("path", [*TEMPLATES, *STATIC], ids=relative)
def test_nothing_is_fetched_from_elsewhere(path):
    text = path.read_text(encoding="utf-8")
    namespace = "http://www.w3.org/"

    assert re.findall(rf"http://(?!{namespace[7:]})\S+", text) == []
    assert re.findall(r"""(?i)\ssrc=["'](?:https?:)?//""", text) == []
    assert re.findall(r"""(?i)<link[^>]*href=["'](?:https?:)?//""", text) == []
    assert re.findall(r"""(?i)(?:@import|url\()\s*["']?(?:https?:)?//""", text) == []


# The repository ##############################################################

# In two pieces, so that this file does not hold them itself.
OF_A_MACHINE = [
    "/" + rest for rest in ("work/", "root/", "tmp/bash", "opt/pypi", "opt/wheels")
]


NOT_OURS = {".git", ".venv", ".env", "var", "test-results"}
NOT_OURS |= {".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache"}


def test_no_file_names_a_machine():
    names = [
        path.relative_to(ROOT)
        for path in ROOT.rglob("*")
        if path.is_file() and path.relative_to(ROOT).parts[0] not in NOT_OURS
    ]

    found = [
        (name, path)
        for name in names
        for path in OF_A_MACHINE
        if name.suffix != ".pyc"
        if path.encode() in (ROOT / name).read_bytes()
    ]

    assert len(names) > 100
    assert found == []


@pytest.mark.parametrize("path", [*TEMPLATES, *STATIC], ids=relative)
def test_nothing_is_left_of_two_versions_that_were_joined(path):
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"(?m)^(?:<{7} |={7}$|>{7} )", text) == []


@pytest.mark.parametrize("name", LOCKS)
def test_the_locks_name_no_registry(name):
    text = (ROOT / name).read_text(encoding="utf-8")

    assert re.findall(r"\S*(?:://|index-url|find-links|trusted-host)\S*", text) == []


def test_every_app_of_ours_has_a_name_for_people():
    assert [apps.get_app_config(app).verbose_name for app in APPS] == [
        "The practice",
        "Articles",
    ]


# The database ################################################################

BEGIN = """
import django
django.setup()
from articles.models import Topic
Topic.objects.create(name="Fever", slug="fever")
"""

LOOK = """
import json, sqlite3
import django
django.setup()
from django.conf import settings
from django.db import connection, transaction
def pragma(name):
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA {name}").fetchone()[0]
found = {
    name: pragma(name)
    for name in ("journal_mode", "synchronous", "foreign_keys", "journal_size_limit",
                 "busy_timeout")
}
other = sqlite3.connect(settings.DATABASES["default"]["NAME"], timeout=0)
with transaction.atomic():
    try:
        other.execute("BEGIN IMMEDIATE")
        found["writer"] = "two at once"
    except sqlite3.OperationalError as error:
        found["writer"] = str(error)
other.close()
print(json.dumps(found))
"""

COUNT = """
import django
django.setup()
from django.db import transaction
from articles.models import Topic
for _ in range(50):
    with transaction.atomic():
        topic = Topic.objects.get()
        topic.position += 1
        topic.save()
"""

READ = """
import django
django.setup()
from articles.models import Topic
print(Topic.objects.get().position)
"""

PORTAL = {"DJANGO_SETTINGS_MODULE": "clinic.settings", "DATABASE_URL": ""}


def test_r02_what_is_written_to_sqlite_stays_written(tmp_path):
    found = json.loads(output(run(["-c", LOOK], tmp_path, **PORTAL)))

    assert found == {
        "journal_mode": sqlite.journal_mode(sqlite3.sqlite_version_info).lower(),
        "synchronous": 2,
        "foreign_keys": 1,
        "journal_size_limit": sqlite.JOURNAL_BYTES,
        "busy_timeout": 1000 * sqlite.PATIENCE_SECONDS,
        "writer": "database is locked",
    }


def test_r06_six_writers_at_once_lose_nothing(tmp_path):
    output(run(["manage.py", "migrate", "-v0"], tmp_path, **PORTAL))
    output(run(["-c", BEGIN], tmp_path, **PORTAL))

    writers = [run(["-c", COUNT], tmp_path, **PORTAL) for _ in range(6)]

    assert [output(writer) for writer in writers] == [""] * 6
    assert output(run(["-c", READ], tmp_path, **PORTAL)) == "300\n"


# The table of attacks and faults #############################################

ROWS = re.findall(
    r"^\| ([AR]\d\d) \| .+? \| (.*?) \| *(.*?) *\|$",
    (ROOT / "tests/README.md").read_text(),
    re.M,
)


@cache
def numbered():
    """Each file with the number of each row that it holds a test of."""
    return {
        (str(path.relative_to(ROOT / "tests")), number)
        for path in python_files("tests")
        for number in re.findall(r"def test_([ar]\d\d)_", path.read_text())
    }


def test_every_attack_and_every_fault_has_its_row():
    numbers = [f"A{n:02}" for n in range(1, 49)] + [f"R{n:02}" for n in range(1, 28)]
    assert [row[0] for row in ROWS] == numbers


@pytest.mark.parametrize(
    ("number", "tests", "measured"), ROWS, ids=[row[0] for row in ROWS]
)
def test_every_row_has_its_tests_or_says_why_not(number, tests, measured):
    holding = {file for file, found in numbered() if number.lower() == found}
    assert set(re.findall(r"`([^`]+)`", tests)) == holding
    assert holding or measured.startswith("Does not apply")
    assert measured


# The tests themselves ########################################################


@pytest.mark.xdist_group("house")
def test_what_belongs_together_is_run_by_one_worker(request):
    """Where the mark is not understood, walks meet what journeys have left behind."""
    if not hasattr(request.config, "workerinput"):
        pytest.skip("Only one process runs the tests.")
    assert request.node.nodeid.endswith("@house")
