"""Measure everything and say it: `make bench`, or `python -m tests.bench --quick`."""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import timeit
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from tests.bench import report
from tests.bench.load import MANY, ONE, Measure, measure
from tests.bench.servers import BENCH, ROOT, Server, environment, serving

SIZES = [100, 10_000, 100_000]
PORT = 8790
ARTICLE = "/articles/sample-20/"
BROTLI = {"Accept-Encoding": "br"}
# What is measured: name, server, paths, headers. The first one is the measure of all.
BARE, BARE_ASGI = "bare server, WSGI threads", "bare server, asgi worker"
HIT, HIT_WSGI = "article, kept", "article, kept, WSGI threads"
MISS = "article, made anew"
SLOW = {"anew", "wagtail"}


def main() -> None:
    options = arguments()
    if not shutil.which("wrk"):
        sys.exit("Please install wrk first (Debian: apt install wrk).")
    sizes = SIZES[: 2 if options.quick else 3]
    for size in sizes:
        prepare(size)
    data = {size: BENCH / str(size) for size in sizes}
    figures: dict[str, list[Measure]] = {}
    growth: dict[str, dict[int, float]] = {}
    facts: dict[str, float] = {}
    with ExitStack() as stack:
        start = Starter(stack)
        portal = start("portal", data[100])
        write_answer(portal)
        servers = {
            "bare": start("bare", data[100]),
            "bare-asgi": start("bare-asgi", data[100]),
            "portal": portal,
            "portal-wsgi": start("portal-wsgi", data[100]),
            "anew": start("portal", data[100], EDGE_MEGABYTES="0"),
        }
        if options.wagtail:
            servers |= wagtail(start, options.wagtail, data[100])
        facts |= {f"{name} start": server.started for name, server in servers.items()}
        scenarios = scenarios_of(portal, data[100])
        for name in set(servers) & {"wagtail", "wagtail-cache"}:
            words = {"wagtail": "Wagtail", "wagtail-cache": "Wagtail, wagtail-cache"}
            scenarios[words[name]] = (name, ["/article/"], BROTLI)
        for number in range(options.rounds):
            for name, (server, paths, headers) in scenarios.items():
                say(f"round {number + 1} of {options.rounds}: {name}")
                clients = ONE if server in SLOW else MANY
                found = measure(
                    servers[server], paths, headers, options.seconds, clients
                )
                figures.setdefault(name, []).append(found)
        facts |= weights(portal)
        sign_in_once(portal, data[100])
        facts["peak RSS"], facts["PSS"] = portal.memory()
    for size in sizes:
        with ExitStack() as stack:
            server = Starter(stack)("portal", data[size], EDGE_MEGABYTES="0")
            for name, paths in growing(data[size]).items():
                say(f"{size} articles: {name}")
                costs = [
                    measure(server, paths, BROTLI, options.seconds, ONE).cpu
                    for _ in range(options.rounds)
                ]
                growth.setdefault(name, {})[size] = min(costs)
    facts["freshness"] = freshness(data[100])
    results = {name: together(found) for name, found in figures.items()}
    table = report.table(results, growth, facts, machine())
    print(f"\n{table}")
    (BENCH / "result.md").write_text(table)
    (BENCH / "result.svg").write_text(report.picture(results, growth))
    print(f"The picture: {BENCH / 'result.svg'}")
    if options.keep:
        report.keep(table, BENCH / "result.svg", ROOT)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="for each measurement")
    parser.add_argument("--quick", action="store_true", help="no 100,000 articles")
    parser.add_argument("--wagtail", help="the Python of an environment with Wagtail")
    parser.add_argument("--keep", action="store_true", help="put it into the README")
    return parser.parse_args()


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def prepare(size: int) -> None:
    """Make a portal with so many articles, unless it is there from an earlier run."""
    folder = BENCH / str(size)
    done = folder / "done"
    if done.exists():
        manage(folder, "migrate", "--verbosity", "0")
        manage(folder, "collectstatic", "--no-input", "--verbosity", "0")
        return
    shutil.rmtree(folder, ignore_errors=True)
    say(f"Making {size} articles …")
    manage(folder, "make_bench_data", str(size))
    done.touch()


def manage(folder: Path, *words: str) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment(folder),
        text=True,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout


class Starter:
    """Starts servers that run until the stack is left, each on a port of its own."""

    ports = iter(range(PORT, PORT + 100))

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack

    def __call__(
        self, name: str, data_dir: Path, path: str = ARTICLE, **options: str
    ) -> Server:
        port = next(self.ports)
        return self.stack.enter_context(serving(name, port, data_dir, path, **options))


def wagtail(start: Starter, python: str, folder: Path) -> dict[str, Server]:
    """Start Wagtail with the same article, without and with wagtail-cache."""
    data_dir = BENCH / "wagtail"
    data_dir.mkdir(parents=True, exist_ok=True)
    code = (
        "import json; from articles.models import Edition; "
        "e = Edition.objects.get(slug='sample-20', language='en'); "
        "print(json.dumps({'title': e.title, 'summary': e.summary, 'body': e.body}))"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "tests.bench.wagtail_site.settings"}
    subprocess.run(
        [python, "-m", "tests.bench.wagtail_site.fill"],
        cwd=ROOT,
        env=environment(data_dir, **settings),
        input=manage(folder, "shell", "-v", "0", "-c", code),
        text=True,
        check=True,
    )
    options = {"path": "/article/", "python": python, **settings}
    return {
        "wagtail": start("wagtail", data_dir, **options),
        "wagtail-cache": start("wagtail-cache", data_dir, WAGTAIL_CACHE="1", **options),
    }


def write_answer(portal: Server) -> None:
    """Let the bare servers send what the portal sends."""
    _status, headers, body = portal.get(ARTICLE, **BROTLI)
    own = {"server", "date", "connection"}
    headers = [pair for pair in headers if pair[0].lower() not in own]
    answer = {"headers": headers, "body": body.hex()}
    (BENCH / "answer.json").write_text(json.dumps(answer))


def addresses(folder: Path, count: int = 100) -> list[str]:
    """Return so many articles from all over a portal, the same each time."""
    size = int(folder.name)
    step = max(size // 2 // count, 1)
    return [f"/articles/sample-{number}/" for number in range(0, size // 2, step)]


def places(folder: Path) -> list[str]:
    """Return pages of the list of all articles, from the second to the last."""
    size = int(folder.name)
    step = max(size // 50, 2)
    return [f"/articles/?before={key}" for key in range(40, size, step)]


def scenarios_of(portal: Server, folder: Path) -> dict[str, tuple]:
    page = portal.get(ARTICLE)[2].decode()
    sheet = re.search(r'href="(/static/css/[^"]+)"', page)[1]
    home = portal.get("/articles/liver-metastases/")[2].decode()
    picture = re.search(r'srcset="(/media/\S+?\.avif)', home)[1]
    tag = dict(portal.get(ARTICLE, **BROTLI)[1])["etag"]
    return {
        BARE: ("bare", [ARTICLE], BROTLI),
        BARE_ASGI: ("bare-asgi", [ARTICLE], BROTLI),
        HIT: ("portal", [ARTICLE], BROTLI),
        HIT_WSGI: ("portal-wsgi", [ARTICLE], BROTLI),
        "article, not modified": (
            "portal",
            [ARTICLE],
            BROTLI | {"If-None-Match": tag},
        ),
        "100 articles, kept": ("portal", addresses(folder), BROTLI),
        "style sheet": ("portal", [sheet], BROTLI),
        "picture": ("portal", [picture], {}),
        "list, kept": ("portal", ["/articles/"], BROTLI),
        MISS: ("anew", addresses(folder), BROTLI),
        "list, made anew": ("anew", ["/articles/"], BROTLI),
        "search, kept": ("portal", ["/search/?q=liver"], BROTLI),
        "search, made anew": ("anew", rare_words(folder), BROTLI),
    }


def rare_words(folder: Path, count: int = 100) -> list[str]:
    """Return searches for words that stand in one article each.

    They have as many digits as any: "rare1" is also the beginning of others.
    """
    size = int(folder.name)
    step = max(size // count // 2 * 2, 2)
    return [f"/search/?q=rare{number}" for number in range(size // 10, size, step)]


def growing(folder: Path) -> dict[str, list[str]]:
    return {
        "article": addresses(folder),
        "list, first page": ["/articles/"],
        "list, any page": places(folder),
        "letter of the A to Z": ["/a-to-z/s/"],
        "search, a rare word": rare_words(folder),
        "search, a word in every article": ["/search/?q=liver"],
    }


def together(found: list[Measure]) -> Measure:
    """Return the least CPU of the rounds and the middle of the rest.

    Threads under one interpreter lock fall at random into a gait in which each request
    costs more than twice as much: the better gait of each server is compared.
    """
    return Measure(
        min(one.cpu for one in found),
        statistics.median(one.per_second for one in found),
        statistics.median(one.p99 for one in found),
    )


def weights(portal: Server) -> dict[str, float]:
    """Return what travels for an article: the page, and the page with its style."""
    _status, headers, body = portal.get(ARTICLE, **BROTLI)
    page = portal.get(ARTICLE)[2].decode()
    sheets = re.findall(r'rel="stylesheet" href="([^"]+)"', page)
    whole = len(body) + size_of(headers)
    for sheet in sheets:
        _status, headers, content = portal.get(sheet, **BROTLI)
        whole += len(content) + size_of(headers)
    return {"HTML": len(body), "whole": whole, "requests": 1 + len(sheets)}


def size_of(headers: list[tuple[str, str]]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers) + 19


def sign_in_once(portal: Server, folder: Path) -> None:
    """Use the desk once in each worker, as a day at the practice does."""
    key = manage(folder, "shell", "-v", "0", "-c", SESSION).strip()
    for _ in range(8):
        for path in ("/admin/", "/admin/articles/article/"):
            status = portal.get(path, Cookie=f"session={key}")[0]
            if status != 200:
                raise RuntimeError(f"The desk answered {path} with {status}.")


SESSION = """
from importlib import import_module
from django.conf import settings
from clinic.models import User
store = import_module(settings.SESSION_ENGINE).SessionStore()
user = User.objects.get(username="editor")
store["_auth_user_id"] = str(user.pk)
store["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
store["_auth_user_hash"] = user.get_session_auth_hash()
store["second_factor"] = "code"
store.create()
print(store.session_key)
"""


def freshness(folder: Path) -> float:
    """Return how many microseconds it takes to know that nothing has changed."""
    from clinic.generation import SQLiteReader

    reader = SQLiteReader(folder / "portal.sqlite3")
    reader.read()
    return min(timeit.repeat(reader.read, number=100_000, repeat=5)) * 10


def machine() -> str:
    """Say on what and when it was measured."""
    model = re.search(r"model name\s+: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1024 / 1024
    return (
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores "
        f"({model[1].strip() if model else platform.machine()}), {memory:.0f} GiB, "
        f"Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
