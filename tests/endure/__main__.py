"""python -m tests.endure ROUNDS: kill -9 while people save; prints counts as JSON.

Every round kills one worker, or master and workers, at a random moment of two people's
saving and publishing over HTTP. What was acknowledged is a 302 that has arrived.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ARTICLES = 2
# The longest that a round goes on after the first save, in seconds.
LONGEST = 2.0


def main():
    rounds = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="portal-endure-") as folder:
        prepare(Path(folder))
        found = Run(Path(folder)).rounds(rounds)
    sys.stdout.write(json.dumps(found) + "\n")
    sys.exit(bool(found["lost"] or found["halves"] or found["damaged"]))


def prepare(folder):
    """Make a portal with articles, and set this process up with its database."""
    from tests.test_server import environment, manage

    for name in ("DATABASE_URL", "SITE_URL"):
        os.environ.pop(name, None)
    os.environ |= environment(folder) | {"DJANGO_SETTINGS_MODULE": "clinic.settings"}
    manage(folder, "migrate", "-v", "0")
    manage(folder, "collectstatic", "-v", "0", "--no-input")
    import django

    django.setup()
    from tests import factories

    for number in range(ARTICLES):
        by = factories.ReviewerFactory(username=f"doctor{number}")
        article = factories.ArticleFactory(title="Text 0", author=by.doctor)
        factories.publish(article, by=by)


class Run:
    """A series of rounds on one portal, whose database is looked at after each."""

    def __init__(self, folder):
        from articles.models import Article

        self.folder = folder
        self.random = random.Random(folder.name)
        self.articles = list(
            Article.objects.order_by("pk").values_list("pk", flat=True)
        )
        self.begin = 1
        self.found = Counter()
        self.process = self.port = None
        self.told = []

    def rounds(self, count):
        try:
            for number in range(count):
                self.round(number)
        finally:
            self.kill_all()
        names = "rounds acknowledged editions lost halves damaged kept refused"
        found = {name: self.found[name] for name in names.split()}
        return found | {"told": self.told[:10]}

    def round(self, number):
        from tests.endure.desk import Desk, Writer, signed_in

        self.serve()
        writers = [
            Writer(Desk(self.port, signed_in(f"doctor{index}")), article, self.begin)
            for index, article in enumerate(self.articles)
        ]
        for writer in writers:
            writer.start()
        deadline = time.monotonic() + 60
        while not any(writer.acknowledged for writer in writers):
            assert time.monotonic() < deadline, "nothing is ever saved"
            time.sleep(0.01)
        time.sleep(self.random.uniform(0, LONGEST))
        if number % 2:
            self.kill_all()
        else:
            os.kill(self.random.choice(self.workers()), signal.SIGKILL)
        for writer in writers:
            writer.stopped.set()
        for writer in writers:
            writer.join()
        self.begin += 1000
        self.found["rounds"] += 1
        for article, writer in zip(self.articles, writers, strict=True):
            self.found["acknowledged"] += writer.acknowledged
            self.found["refused"] += len(writer.refused)
            self.compare(article, writer)
        self.examine()

    def compare(self, pk, writer):
        """What was promised is there; what was not promised is there whole or not."""
        from articles.models import Article

        article = Article.objects.get(pk=pk)
        live = article.editions.live().get()
        self.found["editions"] = max(self.found["editions"], live.number)
        if number_of(article.title) < writer.saved:
            self.lose(f"{article.title}, but {writer.saved} was saved")
        if number_of(live.title) < writer.published:
            self.lose(f"{live.title}, but {writer.published} was published")
        self.found["kept"] += writer.saved > 0
        for text in (article, live):
            if text.body != f"<p>These are the words of {text.title.lower()}.</p>" and (
                number_of(text.title)
            ):
                self.found["halves"] += 1
                self.told.append(f"{text.title} says {text.body}")

    def lose(self, what):
        self.found["lost"] += 1
        self.told.append(what)

    def examine(self):
        """Read every page, index and row, and compare editions with their digests."""
        from django.db import connection

        from clinic import integrity

        connection.close()
        for finding in integrity.findings():
            is_half = finding.code.endswith(("half", "behind"))
            self.found["halves" if is_half else "damaged"] += 1
            self.told.append(str(finding))

    # Processes ###############################################################

    def serve(self):
        """Start the server if it is not there, and wait until it answers."""
        from tests.browser.conftest import free_port
        from tests.test_server import ROOT, environment

        if self.process is None:
            self.port = free_port()
            self.log = (self.folder / "server.log").open("a")
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "python:clinic.gunicorn"],
                cwd=ROOT,
                env=environment(self.folder, PORT=str(self.port), WEB_CONCURRENCY="2"),
                stdout=self.log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 120
        while not (self.answers() and len(self.workers()) == 2):
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit((self.folder / "server.log").read_text())
            time.sleep(0.05)

    def answers(self):
        from tests.endure.desk import Desk

        try:
            return Desk(self.port, "").ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def workers(self):
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]

    def kill_all(self):
        if self.process is None:
            return
        for pid in [self.process.pid, *self.workers()]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()
        self.process = None


def number_of(title):
    return int(re.fullmatch(r"Text (\d+)", title)[1])


if __name__ == "__main__":
    main()
