"""What the edge keeps, what it lets through, and that nobody can make it lie."""

import gzip
import itertools
import threading
import time
import zlib

import brotli
import pytest
import time_machine

from clinic import error_pages, generation
from clinic.edge import edge as module
from clinic.edge.kept import OVERHEAD, Memory, encoding_for
from tests.clinic.edge.stub import KEPT, attach
from tests.conftest import Visitor

UNPACKED = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


@pytest.fixture
def visitor(application, present, monkeypatch):
    visitor = Visitor(application)
    attach(visitor.edge.edge, present, monkeypatch)
    return visitor


# What is kept ################################################################


def test_the_second_visitor_gets_what_was_made_for_the_first(visitor, application):
    first, second = visitor.get("/a"), visitor.get("/a")

    assert first.content == second.content == b"/a? #1"
    assert len(application.seen) == 1


def test_each_address_has_an_answer_of_its_own(visitor):
    assert visitor.get("/a").content == b"/a? #1"
    assert visitor.get("/b").content == b"/b? #2"
    assert visitor.get("/a").content == b"/a? #1"


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "410 Gone"])
def test_pages_missing_and_withdrawn_ones_are_kept(visitor, application, status):
    application.status = status
    answers = [visitor.get("/a") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [int(status[:3])] * 2
    assert len(application.seen) == 1


@pytest.mark.parametrize(
    ("location", "renders"),
    [("/b/", 1), ("//evil.example/", 2), ("https://evil.example/", 2)],
)
def test_a_redirect_is_kept_if_it_stays_on_the_site(
    visitor, application, location, renders
):
    application.status = "301 Moved Permanently"
    application.headers = [*KEPT, ("Location", location)]
    answers = [visitor.get("/a") for _ in range(2)]

    assert [answer.headers["Location"] for answer in answers] == [location] * 2
    assert len(application.seen) == renders


@pytest.mark.parametrize(
    ("status", "header"),
    [
        ("200 OK", ("Cache-Control", "private")),
        ("200 OK", ("Cache-Control", "public, no-store")),
        ("200 OK", ("Cache-Control", "max-age=60")),
        ("200 OK", ("Set-Cookie", "a=b")),
        ("200 OK", ("Vary", "Cookie")),
        ("200 OK", ("Vary", "Accept-Encoding, Accept-Language")),
        ("200 OK", ("Vary", "*")),
        ("200 OK", ("Content-Encoding", "gzip")),
        ("200 OK", ("Content-Length", str(module.LARGEST + 1))),
        ("302 Found", ("Location", "/b/")),
        ("403 Forbidden", ("X-A", "b")),
        ("500 Internal Server Error", ("X-A", "b")),
    ],
)
def test_what_does_not_say_that_it_is_for_everybody_is_not_kept(
    visitor, application, status, header
):
    application.status = status
    application.headers = [pair for pair in KEPT if pair[0] != header[0]] + [header]

    assert visitor.get("/a").content == b"/a? #1"
    assert visitor.get("/a").content == b"/a? #2"


@pytest.mark.parametrize(
    "environ",
    [
        {"REQUEST_METHOD": "POST"},
        {"REQUEST_METHOD": "OPTIONS"},
        {"HTTP_COOKIE": "a=b; session=abc"},
        {"HTTP_HOST": "evil.example"},
        {"HTTP_HOST": ""},
    ],
)
def test_what_is_no_visitor_reading_goes_to_django_as_it_is(
    visitor, application, environ
):
    visitor.get("/a")
    visitor.get("/a", **environ)
    visitor.get("/a", **environ)

    assert len(application.seen) == 3
    assert environ.items() <= application.seen[-1].items()


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/x.css", "/%61dmin/", "/a%3Fb=c", "/a%3fbefore=5"]
)
def test_nothing_of_the_desk_is_kept_and_nothing_that_reads_as_another_address(
    visitor, application, path
):
    visitor.get(path)
    visitor.get(path)

    assert len(application.seen) == 2


def test_plain_http_is_left_to_django_where_the_site_is_https(
    visitor, application, settings
):
    settings.SECURE_SSL_REDIRECT = True
    visitor.get("/a")
    visitor.get("/a")
    visitor.get("/a", **{"wsgi.url_scheme": "https"})
    visitor.get("/a", **{"wsgi.url_scheme": "https"})

    assert len(application.seen) == 3


# How it is sent ##############################################################


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("", "identity"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("br;q=0, gzip;q=0", "identity"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("br;q=0, *", "gzip"),
        ("br;q=one", "identity"),
        ("identity", "identity"),
        ("x" * 5000, "identity"),
        ("," * 5000, "identity"),
    ],
)
def test_the_encoding_is_chosen_as_the_browser_asks(accept, encoding):
    assert encoding_for(accept) == encoding


@pytest.mark.parametrize("encoding", UNPACKED)
def test_every_encoding_holds_the_same_and_says_so(visitor, encoding):
    answer = visitor.get("/a", HTTP_ACCEPT_ENCODING=encoding or "identity")

    assert UNPACKED[encoding](answer.content) == b"/a? #1"
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_each_encoding_has_its_own_strong_tag(visitor):
    answers = [visitor.get("/a", HTTP_ACCEPT_ENCODING=e or "") for e in UNPACKED]
    tags = [answer.headers["ETag"] for answer in answers]

    assert len(set(tags)) == 3
    assert all(tag.startswith('"') for tag in tags)


def test_a_page_is_packed_once_for_each_encoding(visitor, monkeypatch):
    packed = []
    monkeypatch.setattr(zlib, "compressobj", pytest.fail)
    monkeypatch.setattr(
        gzip, "compress", lambda *a, **k: packed.append("gzip") or b"packed"
    )
    for _ in range(3):
        visitor.get("/a", HTTP_ACCEPT_ENCODING="gzip")

    assert packed == ["gzip"]


def test_a_picture_is_sent_as_it_is(visitor, application):
    application.headers = [("Content-Type", "image/avif"), KEPT[1]]
    answer = visitor.get("/a", HTTP_ACCEPT_ENCODING="br")

    assert answer.content == b"/a? #1"
    assert "Content-Encoding" not in answer.headers
    assert "Vary" not in answer.headers


@pytest.mark.parametrize(
    "known", ["{}", "W/{}", '"other", {}', '"other",W/{}', "*", "  {}  "]
)
def test_who_has_the_page_is_told_that_it_still_holds(visitor, known):
    tag = visitor.get("/a").headers["ETag"]
    answer = visitor.get("/a", HTTP_IF_NONE_MATCH=known.format(tag))

    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["ETag"] == tag
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "Content-Length" not in answer.headers


@pytest.mark.parametrize("known", ['"other"', "", "x" * 100, "{}-br", "{} {}"])
def test_who_has_another_page_gets_this_one(visitor, known):
    tag = visitor.get("/a").headers["ETag"]

    assert visitor.get("/a", HTTP_IF_NONE_MATCH=known.format(tag, tag)).content


def test_the_tag_of_another_encoding_does_not_match(visitor):
    tag = visitor.get("/a", HTTP_ACCEPT_ENCODING="br").headers["ETag"]

    assert visitor.get("/a", HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_a_missing_page_is_never_answered_with_not_modified(visitor, application):
    application.status = "404 Not Found"
    visitor.get("/a")

    assert visitor.get("/a", HTTP_IF_NONE_MATCH="*").status_code == 404


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "302 Found"])
def test_head_says_what_get_says_without_the_body(visitor, application, status):
    application.status = status
    head = visitor.get("/a", method="HEAD", HTTP_ACCEPT_ENCODING="br")
    get = visitor.get("/a", HTTP_ACCEPT_ENCODING="br")

    assert head.content == b""
    assert head.headers.items() == get.headers.items()
    assert application.seen[0]["REQUEST_METHOD"] == "GET"


# Never old ###################################################################


def test_a_change_of_anything_makes_the_page_anew(visitor, present):
    assert visitor.get("/a").content == b"/a? #1"
    present.number = 2
    assert visitor.get("/a").content == b"/a? #2"
    assert visitor.get("/a").content == b"/a? #2"


def test_a_page_ends_with_its_time(visitor, present):
    with time_machine.travel(1000.0, tick=False) as clock:
        present.until = 1010.0
        assert visitor.get("/a").content == b"/a? #1"
        clock.move_to(1009.9)
        assert visitor.get("/a").content == b"/a? #1"
        clock.move_to(1010.0)
        present.until = 1020.0
        assert visitor.get("/a").content == b"/a? #2"


def test_what_changes_while_a_page_is_made_counts(visitor, application, present):
    def change():
        present.number = 2

    application.during = change
    assert visitor.get("/a").content == b"/a? #1"
    assert visitor.get("/a").content == b"/a? #2"
    assert visitor.get("/a").content == b"/a? #2"


def test_without_a_generation_nothing_is_kept(visitor, present):
    present.number = None
    assert visitor.get("/a").content == b"/a? #1"
    assert visitor.get("/a").content == b"/a? #2"


def test_files_of_a_release_stay_as_long_as_the_process(visitor, present):
    assert visitor.get("/static/a.css").content == b"/static/a.css? #1"
    present.number = 2
    assert visitor.get("/static/a.css").content == b"/static/a.css? #1"


def test_that_a_file_is_missing_does_not_stay(visitor, application, present):
    application.status = "404 Not Found"
    visitor.get("/static/a.css")
    present.number = 2
    visitor.get("/static/a.css")

    assert len(application.seen) == 2


# When Django fails ###########################################################


@pytest.fixture
def failing(visitor, application, present):
    """Call it: from then on Django and the database are gone."""
    visitor.get("/a")

    def fail():
        application.status, application.headers = "500 Internal Server Error", []
        present.number = None

    return fail


def test_the_last_good_copy_answers_when_django_fails(visitor, failing):
    failing()
    answer = visitor.get("/a", HTTP_ACCEPT_ENCODING="br")

    assert answer.status_code == 200
    assert brotli.decompress(answer.content) == b"/a? #1"
    assert answer.headers["Cache-Status"].startswith("portal; hit; ttl=-")


def test_what_fails_is_logged_without_what_somebody_searched_for(
    visitor, failing, monkeypatch, caplog
):
    def breaks(*args):
        raise OSError("The disk has gone.")

    visitor.get("/search/?q=tumour")
    failing()
    monkeypatch.setattr(visitor.edge.edge, "application", breaks)
    visitor.get("/search/?q=tumour")

    assert "Django broke at '/search/'" in caplog.text
    assert "copy of '/search/' was sent" in caplog.text
    assert "tumour" not in caplog.text


@pytest.mark.parametrize("encoding", UNPACKED)
def test_the_last_good_copy_comes_in_every_encoding(visitor, failing, encoding):
    failing()
    answer = visitor.get("/a", HTTP_ACCEPT_ENCODING=encoding or "")

    assert UNPACKED[encoding](answer.content) == b"/a? #1"


def test_a_good_copy_is_not_marked(visitor):
    visitor.get("/a")

    assert "Cache-Status" not in visitor.get("/a").headers


def test_the_copy_is_gone_as_soon_as_django_answers_again(
    visitor, application, present, failing
):
    failing()
    visitor.get("/a")
    application.status, application.headers = "200 OK", KEPT
    present.number = 2

    assert visitor.get("/a").content == b"/a? #3"


def test_a_page_that_was_never_read_fails(visitor, failing):
    failing()

    assert visitor.get("/b").status_code == 500


def test_the_copy_answers_for_a_limited_time(visitor, application, present):
    with time_machine.travel(1000.0, tick=False) as clock:
        visitor.get("/a")
        application.status, application.headers = "500 Error", []
        present.number = None
        clock.move_to(1000.0 + module.STALE_SECONDS)
        assert visitor.get("/a").status_code == 200
        clock.move_to(1001.0 + module.STALE_SECONDS)
        assert visitor.get("/a").status_code == 500


def test_what_is_known_to_have_changed_is_not_shown_any_more(
    visitor, application, present
):
    """It may have been withdrawn."""
    visitor.get("/a")
    present.number = 2
    application.status, application.headers = "500 Error", []

    assert visitor.get("/a").status_code == 500


def test_a_page_that_was_to_end_is_not_shown_any_more(visitor, application, present):
    with time_machine.travel(1000.0, tick=False) as clock:
        application.headers = [*KEPT, ("Edge-Ends", "1010.0")]
        assert "Edge-Ends" not in visitor.get("/a").headers
        application.status, application.headers = "500 Error", []
        present.number = None
        clock.move_to(1009.0)
        assert visitor.get("/a").status_code == 200
        clock.move_to(1010.0)
        assert visitor.get("/a").status_code == 500


# Nobody poisons it, nobody fills it ##########################################

DECEIVING = {
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_PORT": "1",
    "HTTP_X_FORWARDED_PREFIX": "/evil",
    "HTTP_X_FORWARDED_FOR": "203.0.113.9",
    "HTTP_X_ORIGINAL_URL": "/evil",
    "HTTP_X_REWRITE_URL": "/evil",
    "HTTP_X_HTTP_METHOD_OVERRIDE": "POST",
    "HTTP_ACCEPT_LANGUAGE": "xx",
    "HTTP_ACCEPT": "application/evil",
    "HTTP_COOKIE": "csrf=evil; a=b",
    "HTTP_RANGE": "bytes=0-1",
    "HTTP_REFERER": "https://evil.example/",
    "HTTP_USER_AGENT": "evil",
    "HTTP_AUTHORIZATION": "evil",
    "HTTP_IF_MODIFIED_SINCE": "Thu, 01 Jan 2099 00:00:00 GMT",
    "SCRIPT_NAME": "/evil",
    "SERVER_NAME": "evil.example",
    "REMOTE_ADDR": "203.0.113.9",
    "CONTENT_TYPE": "application/x-www-form-urlencoded",
    "CONTENT_LENGTH": "4",
}


@pytest.mark.parametrize("name", DECEIVING)
def test_a31_django_sees_nothing_that_could_alter_everybodys_page(
    visitor, application, name
):
    visitor.get("/a", **{name: DECEIVING[name]})

    (seen,) = application.seen
    assert seen.get(name, "") in {"", "portal"}
    assert "evil" not in repr([v for v in seen.values() if isinstance(v, str)])


@pytest.mark.parametrize(
    "query",
    [
        "utm_source=x", "a", "a=1&b=2", "before=x", "before=0", "before=-1", "before=",
        "before=1e3", "before=" + "9" * 19, "page=2", "%00", "&&&", ";before=5",
        "a[]=1", "before%00=5", "=5", "%23", "&".join("a=1" for _ in range(100)),
    ],
)  # fmt: skip
def test_a33_what_no_page_understands_makes_no_further_page(
    visitor, application, query
):
    visitor.get("/a")

    assert visitor.get(f"/a?{query}").content == b"/a? #1"


@pytest.mark.parametrize(
    ("query", "understood"),
    [
        ("before=5", "before=5"),
        ("x=1&before=5", "before=5"),
        ("before=5&after=7", "after=7&before=5"),
        ("after=7&before=5", "after=7&before=5"),
        ("before=5&before=6", "before=6"),
        ("%62efore=5", "before=5"),
    ],
)
def test_what_a_page_understands_has_one_form(visitor, application, query, understood):
    assert visitor.get(f"/a?{query}").content == f"/a?{understood} #1".encode()
    assert visitor.get(f"/a?{understood}").content == f"/a?{understood} #1".encode()


def test_one_address_written_in_many_ways_is_one(visitor, application):
    for path in ("/ab", "/%61b", "/a%62", "/%61%62"):
        assert visitor.get(path).content == b"/ab? #1"


def test_a33_invented_addresses_put_out_nothing_that_others_read(visitor, application):
    visitor.get("/read")
    application.status = "404 Not Found"
    edge = visitor.edge.edge
    sizes = []
    for number in range(100_000):
        visitor.get(f"/invented-{number}")
        if number % 10_000 == 9_999:
            sizes.append((edge.strays.size, len(edge.strays.entries)))
    application.status = "200 OK"
    for number in range(2_000):
        visitor.get(f"/read?before={number + 1}")

    assert visitor.get("/read").content == b"/read? #1"
    assert max(size for size, _ in sizes) <= edge.strays.limit
    assert len({count for _, count in sizes}) <= 2  # full, and it stays so
    assert len(edge.strays.sizes) == len(edge.strays.entries)
    assert visitor.edge.renders == {}


def test_a33_hosts_and_encodings_fill_nothing(visitor, settings):
    settings.ALLOWED_HOSTS = [".example.org"]
    for number in range(1_000):
        visitor.get("/a", HTTP_HOST=f"{number}.example.org")
        visitor.get("/a", HTTP_HOST="0.example.org", HTTP_ACCEPT_ENCODING=f"x{number}")

    assert len(visitor.rendered) == 1
    assert len(visitor.edge.edge.hosts) <= 100
    assert encoding_for.cache_info().currsize <= 512


def test_the_memory_keeps_what_is_read(visitor):
    memory = visitor.edge.edge.pages
    memory.limit = 10 * (OVERHEAD + 100)
    for number in range(100):
        visitor.get("/often")
        visitor.get(f"/once-{number}")

    assert memory.size <= memory.limit
    assert "/often" in memory.entries
    assert "/once-99" in memory.entries
    assert "/once-1" not in memory.entries


def test_an_encoding_that_is_added_is_weighed(visitor):
    memory = visitor.edge.edge.pages
    visitor.get("/a", HTTP_ACCEPT_ENCODING="br")
    before = memory.size
    visitor.get("/a", HTTP_ACCEPT_ENCODING="gzip")

    assert memory.size > before
    assert memory.size == sum(
        kept.size + len(key) for key, kept in memory.entries.items()
    )


def test_what_is_too_large_for_the_memory_is_not_kept():
    memory = Memory(1000)

    class Large:
        size = 300

    memory.put("a", Large())
    assert memory.get("a") is None
    assert memory.size == 0


# Many at once ################################################################


def at_once(count, work):
    """Run it in so many threads at the same time; return what they return."""
    found, barrier = [], threading.Barrier(count)

    def run(number):
        barrier.wait()
        found.append(work(number))

    threads = [threading.Thread(target=run, args=[n]) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_many_who_want_the_same_page_have_it_made_once(visitor, application):
    application.during = lambda: time.sleep(0.3)

    answers = at_once(20, lambda _: visitor.get("/a").content)

    assert answers == [b"/a? #1"] * 20
    assert len(application.seen) == 1


def test_a_page_that_became_old_while_many_waited_is_made_once_more(
    visitor, application, present
):
    numbers = itertools.count(2)

    def change():
        time.sleep(0.3)
        if len(application.seen) == 1:
            present.number = next(numbers)

    application.during = change
    answers = at_once(20, lambda _: visitor.get("/a").content)

    assert sorted(answers) == [b"/a? #1"] + [b"/a? #2"] * 19


def test_what_cannot_be_kept_is_made_for_each_at_the_same_time(visitor, application):
    application.headers = []
    application.during = lambda: time.sleep(0.2)
    started = time.monotonic()
    answers = at_once(20, lambda _: visitor.get("/a").content)

    assert len(set(answers)) == 20
    assert time.monotonic() - started < 20 * 0.2


def test_a_failure_is_told_to_all_who_waited(visitor, application, present):
    application.status, application.headers = "500 Error", []
    application.during = lambda: time.sleep(0.3)
    present.number = None

    answers = at_once(20, lambda _: visitor.get("/a"))

    assert {answer.status_code for answer in answers} == {500}
    assert len(application.seen) == 1
    assert visitor.edge.renders == {}


def test_whatever_breaks_everybody_gets_the_page_with_the_numbers(
    visitor, application, data_dir, settings
):
    def breaks():
        time.sleep(0.2)
        raise RuntimeError

    application.during = breaks
    answers = at_once(5, lambda _: visitor.get("/it/a"))

    assert {answer.status_code for answer in answers} == {500}
    assert {answer.content.decode() for answer in answers} == {error_pages.read("it")}
    assert visitor.edge.renders == {}


def test_the_last_good_copy_answers_when_django_breaks(visitor, application):
    def breaks():
        raise RuntimeError

    with time_machine.travel(1000.0, tick=False) as clock:
        application.headers = list(KEPT)
        visitor.edge.edge.reader.until = 1010.0
        visitor.get("/a")
        application.during = breaks
        clock.move_to(1020.0)
        visitor.edge.edge.reader.until = 1030.0

        assert visitor.get("/a").content == b"/a? #1"


def test_a_page_that_has_gone_is_gone_from_the_memory_too(
    visitor, application, present
):
    visitor.get("/a")
    present.number = 2
    application.status = "404 Not Found"
    for _ in range(5):
        assert visitor.get("/a").status_code == 404
    present.number = 3
    application.status = "200 OK"
    for _ in range(5):
        assert visitor.get("/a").status_code == 200

    assert len(application.seen) == 3


def test_what_does_not_fit_the_memory_is_still_made_once_for_all(visitor, application):
    visitor.edge.edge.pages.limit = 0
    application.during = lambda: time.sleep(0.2)

    assert at_once(20, lambda _: visitor.get("/a").content) == [b"/a? #1"] * 20
    assert len(application.seen) == 1


def test_while_somebody_commits_a_page_waits_and_is_kept(visitor, application, present):
    def busy():
        present.is_asked -= 1
        if present.is_asked > 0:
            raise generation.Busy
        return present.number

    present.is_asked, present.read = 5, busy
    visitor.get("/a")
    visitor.get("/a")

    assert len(application.seen) == 1


def test_the_memory_bears_many_readers_and_writers_at_once():
    """The loop reads while threads write."""

    class Small:
        size = 10

    memory, stop, errors = Memory(500), threading.Event(), []

    def run(work):
        try:
            for number in itertools.count():
                work(f"/{number % 97}")
                if stop.is_set():
                    return
        except Exception as error:
            errors.append(error)

    work = [memory.get, memory.get, lambda key: memory.put(key, Small())]
    threads = [threading.Thread(target=run, args=[w]) for w in work]
    for thread in threads:
        thread.start()
    time.sleep(1)
    stop.set()
    for thread in threads:
        thread.join()

    assert errors == []
    assert memory.size == sum(memory.sizes.values()) <= memory.limit


def test_what_django_tells_the_edge_goes_no_further(visitor, application):
    application.headers = [("Edge-Ends", "1")]
    for cookie in ("", "session=abc"):
        assert "Edge-Ends" not in visitor.get("/a", HTTP_COOKIE=cookie).headers


# Several machines ############################################################


def test_the_error_pages_of_each_machine_follow_a_change(
    visitor, present, waiting, settings, monkeypatch
):
    """The process that makes a change writes those of its own machine only."""
    written = []
    monkeypatch.setattr(error_pages, "write", lambda: written.append(present.number))
    settings.DATABASE_URL = "postgres://portal@example.org/portal"
    visitor.get("/a")
    assert waiting == []

    present.number = 2
    for address in ("/a", "/b", "/a"):
        visitor.get(address)
    for work in waiting:
        work()

    assert written == [2]


def test_one_machine_alone_has_no_error_pages_to_follow(
    visitor, present, waiting, settings
):
    settings.DATABASE_URL = ""
    for present.number in (1, 2, 3):
        visitor.get("/a")

    assert waiting == []
