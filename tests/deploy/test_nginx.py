"""The configuration of nginx that is shipped, in front of the real portal."""

import http.client
import re
import socket
import ssl
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from types import SimpleNamespace

import pytest

from clinic.middleware import SECURITY_HEADERS
from tests.browser.conftest import free_port
from tests.deploy.conftest import SITE, behind_nginx, needs_nginx
from tests.test_server import Load, reloads

pytestmark = [pytest.mark.xdist_group("server"), needs_nginx]

ARTICLE = "/articles/liver-metastases/"

# Headers ######################################################################

POLICY = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self'",
    "manifest-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
}
# What OWASP's list of secure headers asks for, and MDN's HTTP Observatory gives points
# for, where a site sends no cookie and its owner has not asked for preloading.
HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-DNS-Prefetch-Control": "off",
    "X-Permitted-Cross-Domain-Policies": "none",
}
TOLD = ("X-Powered-By", "X-Generator", "X-AspNet-Version", "Via", "X-Runtime")


def shortcomings(headers, is_sandboxed=False):
    """What an answer lacks of the set, or has of what no answer should have."""
    found = [
        f"{name}: {headers.get_all(name)}"
        for name, value in HEADERS.items()
        if headers.get_all(name) != [value]
    ]
    policy = headers.get_all("Content-Security-Policy") or [""]
    directives = dict(part.strip().partition(" ")[::2] for part in policy[0].split(";"))
    if len(policy) != 1 or (directives != POLICY and not is_sandboxed):
        found.append(f"policy: {policy}")
    if is_sandboxed and directives.get("default-src") != "'none'":
        found.append(f"policy of a picture: {policy}")
    features = headers.get_all("Permissions-Policy") or [""]
    if len(features) != 1 or not {
        "camera=()",
        "microphone=()",
        "geolocation=()",
    } <= set(features[0].split(",")):
        found.append(f"features: {features}")
    found += [name for name in TOLD if name in headers]
    if headers.get("Server") not in (None, "nginx"):  # and never a version
        found.append(headers["Server"])
    return found


def test_the_finder_of_shortcomings_finds_them():
    message = http.client.HTTPMessage()
    message["Server"] = "nginx/1.22.1"
    message["X-Frame-Options"] = "DENY"
    message["X-Frame-Options"] = "DENY"

    assert len(shortcomings(message)) == len(HEADERS) + 3


# Each kind of answer, with the status that it is to have.
OF_THE_PORTAL = {
    "/": 200,
    "/it/": 200,
    ARTICLE: 200,
    "/articles/": 200,
    "/search/?q=liver": 200,
    "/contact/": 200,
    "/contact/practice.vcf": 200,
    "/contact/practice.json": 200,
    "/contact/practice.svg": 200,
    "/articles/feed.atom": 200,
    "/sitemap.xml": 200,
    "/robots.txt": 200,
    "/healthz": 200,
    "/admin/login/": 200,
    "/admin/": 302,
    "/apple-touch-icon.png": 302,
    "/contact": 301,
    "/static/": 404,
    "/static/not-there.css": 404,
    "/media/pictures/not-there.jpg": 404,
    "/not-there/": 404,
    "/errors/500.en.html": 404,
    "/a%ffb/": 404,
}


def test_every_kind_of_answer_of_the_portal_carries_the_headers(site):
    with closing(site.connect()) as connection:
        for path, expected in OF_THE_PORTAL.items():
            status, headers, _body = site.get(path, connection)
            assert (path, status) == (path, expected)
            assert (path, shortcomings(headers)) == (path, [])
        page = site.get(ARTICLE, connection)[2].decode()
        files = set(re.findall(r'"(/(?:static|media)/[^" ]+)', page))
        for path in files:
            status, headers, _body = site.get(path, connection)
            assert (path, status) == (path, 200)
            assert (path, shortcomings(headers, "/media/" in path)) == (path, [])
    assert {path.split("/")[1] for path in files} == {"static", "media"}


def test_no_answer_to_a_visitor_brings_a_cookie(site):
    with closing(site.connect()) as connection:
        for path in OF_THE_PORTAL:
            headers = site.get(path, connection)[1]
            assert ("Set-Cookie" in headers) is (path == "/admin/login/"), path


def told(connection, sent):
    """Send bytes; return status, headers and body of the answer."""
    connection.sendall(sent)
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.headers, answer.read().decode()


def head(line, *headers):
    return "\r\n".join([line, f"Host: {SITE}", *headers, "", ""]).encode("latin-1")


# What never reaches the portal, with the heading of the page that says so.
NOT_UNDERSTOOD = "This request was not understood"
OF_NGINX = {
    "400": (head("GET / HTTP/1.1", "Content-Length: x"), 400, NOT_UNDERSTOOD),
    "405": (head("TRACE / HTTP/1.1"), 405, NOT_UNDERSTOOD),
    "413": (head("POST / HTTP/1.1", "Content-Length: 99999"), 413, NOT_UNDERSTOOD),
    "413 at the desk": (
        head("POST /admin/ HTTP/1.1", "Content-Length: 99999999"), 413, NOT_UNDERSTOOD,
    ),
    "413 in Italian": (
        head("POST /it/ HTTP/1.1", "Content-Length: 99999"), 413,
        "Questa richiesta non è stata compresa",
    ),
    "414": (head(f"GET /{'a' * 9000} HTTP/1.1"), 414, NOT_UNDERSTOOD),
    "431": (head("GET / HTTP/1.1", f"X: {'a' * 9000}"), 431, NOT_UNDERSTOOD),
}  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "expected", "heading"), OF_NGINX.values(), ids=OF_NGINX
)
def test_what_nginx_answers_by_itself_carries_the_headers(
    site, sent, expected, heading
):
    with site.raw() as connection:
        status, headers, body = told(connection, sent)

    assert status == expected
    assert shortcomings(headers) == []
    assert SECURITY_HEADERS.items() <= dict(headers).items()
    assert headers["Cache-Control"] == "no-store"
    assert heading in body
    assert 'href="tel:+' in body
    assert "nginx" not in body


def test_plain_http_leads_to_https_and_to_no_other_site(site):
    with socket.create_connection(("127.0.0.1", site.plain_port), 10) as connection:
        status, headers, _body = told(connection, head("GET /it/a?b=c HTTP/1.1"))
    with socket.create_connection(("127.0.0.1", site.plain_port), 10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        try:
            of_another = connection.recv(100)
        except ConnectionResetError:
            of_another = b""

    assert (status, headers["Location"]) == (301, f"https://{SITE}/it/a?b=c")
    assert shortcomings(headers) == []
    assert of_another == b""


def test_tls_is_new_enough_and_tells_strangers_nothing(site):
    def shaken(name, version):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        tls.minimum_version = tls.maximum_version = version
        tls.set_alpn_protocols(["h2"])
        with (
            socket.create_connection(("127.0.0.1", site.port), 10) as plain,
            tls.wrap_socket(plain, server_hostname=name) as connection,
        ):
            return connection.selected_alpn_protocol(), connection.cipher()[0]

    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        protocol, cipher = shaken(SITE, version)
        assert protocol == "h2"
        assert cipher.startswith(("ECDHE-", "TLS_"))
    with pytest.raises(ssl.SSLError):
        shaken("evil.example", ssl.TLSVersion.TLSv1_3)


# The log ######################################################################


def test_the_log_tells_neither_who_reads_nor_what_is_searched_for(site):
    with closing(site.connect()) as connection:
        connection.connect()
        address = connection.sock.getsockname()[0]
        site.get("/search/?q=hidden-word", connection, Referer="https://a.example/b?c")
        site.get("/it/not-there?hidden-word", connection)
    with site.raw() as connection:
        told(connection, head("POST /?hidden-word HTTP/1.1", "Content-Length: 99999"))
        connection.close()
    with site.raw() as connection:
        told(connection, head("GET /?hidden-word HTTP/1.1", "Content-Length: x"))

    log = site.log()
    network = address.rpartition(".")[0] + ".0"
    assert re.search(rf'(?m)^{network} \[\S+\] "GET /search/ HTTP/1.1" 200 ', log)
    assert re.search(rf'(?m)^{network} \[\S+\] "GET /it/not-there HTTP/1.1" 404 ', log)
    assert re.search(r'(?m)^\S+ \[\S+\] "POST / HTTP/1.1" 413 ', log)
    assert "hidden" not in log
    assert "a.example" not in log
    assert re.findall(r"(?m)^127\.\d+\.\d+\.[1-9]", log) == []
    assert "client" not in site.log("error")


# Limits #######################################################################


def test_who_guesses_passwords_is_slowed_down_and_nobody_else(site):
    with closing(site.connect()) as guesser, closing(site.connect()) as other:
        statuses = []
        for _ in range(30):
            guesser.request("POST", "/admin/login/", "username=a&password=b")
            with guesser.getresponse() as answer:
                answer.read()
                statuses.append(answer.status)
        headers = answer.headers
        reading = site.get("/admin/login/", guesser)[0]
        other.request("POST", "/admin/login/", "username=a&password=b")
        of_another = other.getresponse().status

    assert statuses[:20] == [403] * 20
    assert statuses[-1] == 429
    assert headers["Retry-After"] == "10"
    assert shortcomings(headers) == []
    assert (reading, of_another) == (200, 403)


def test_who_asks_without_a_pause_is_told_to_wait(site):
    with closing(site.connect()) as connection:
        answered = 0
        while (answer := site.get("/robots.txt", connection))[0] == 200:
            answered += 1
            assert answered < 5000
        status, headers, body = answer

    assert answered >= 500
    assert (status, headers["Retry-After"]) == (429, "10")
    assert "One moment, please" in body.decode()
    assert shortcomings(headers) == []
    assert site.get("/robots.txt")[0] == 200  # from elsewhere


# The portal is away ###########################################################


@pytest.fixture(scope="module")
def alone(portal_folder, tmp_path_factory):
    """nginx in front of a portal that is not there."""
    portal = SimpleNamespace(port=free_port(), data_dir=portal_folder)
    with behind_nginx(tmp_path_factory.mktemp("alone"), portal) as site:
        yield site


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/", "One moment, please"),
        ("/it/contatti/", "Un momento, per favore"),
        ("/admin/login/", "One moment, please"),
        ("/item/", "One moment, please"),
    ],
)
def test_while_the_portal_is_away_visitors_find_the_numbers(alone, path, heading):
    status, headers, body = alone.get(path)

    assert (status, headers["Retry-After"]) == (503, "30")
    assert headers["Content-Type"] == "text/html"
    assert shortcomings(headers) == []
    assert heading in body.decode()
    assert b'href="tel:+' in body


def test_the_page_of_an_absent_portal_has_its_style_and_its_picture(alone):
    page = alone.get("/")[2].decode()
    files = re.findall(r'(?:href|src)="(/static/[^"]+)', page)

    assert len(files) >= 3
    for path in files:
        status, headers, _body = alone.get(path)
        kind = "text/css" if path.endswith("css") else "image/svg+xml"
        assert (status, headers["Content-Type"]) == (200, kind)
        assert shortcomings(headers) == []


# Slow and many ################################################################


def at_once(work, count):
    """Do it so many times, as nearly at the same moment as one process can."""
    with ThreadPoolExecutor(50) as pool:
        return list(pool.map(work, range(count)))


def who_dawdles(site, number):
    """Begin, and go no further: half a request, or half a body."""
    if number % 2:
        connection = socket.create_connection(("127.0.0.1", site.plain_port), 10)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: www.exam")
    else:
        connection = site.raw()
        form = head("POST /admin/login/ HTTP/1.1", "Content-Length: 900")
        connection.sendall(form + b"a")
    return connection


def who_never_reads(site, path, number):
    """Ask for much, and take nothing of it."""
    connection = site.raw()
    connection.sendall(head(f"GET {path} HTTP/1.1") * 9)
    return connection


def answered_beside(site, client, count):
    """Count the answers to 100 normal requests while so many slow clients are there."""
    with ExitStack() as stack:
        for connection in at_once(client, count):
            stack.enter_context(connection)
        return Counter(site.get(ARTICLE)[0] for _ in range(100))


def test_a47_four_hundred_slow_clients_keep_nobody_out(site):
    assert answered_beside(site, partial(who_dawdles, site), 400)[200] >= 99


def test_r23_clients_that_never_read_keep_nobody_out(site):
    page = site.get(ARTICLE)[2].decode()
    sheet = re.search(r'href="(/static/css/portal[^"]+)', page)[1]

    assert answered_beside(site, partial(who_never_reads, site, sheet), 100)[200] >= 99


def test_r22_whoever_cannot_be_served_at_once_is_told_to_wait(site):
    """400 clients at the same moment, each with a search of its own."""

    def ask(number):
        client = site.raw(60)
        client.sendall(head(f"GET /search/?q=liver+{number} HTTP/1.1"))
        return client

    statuses = Counter()
    for client in at_once(ask, 400):
        with client:
            answer = http.client.HTTPResponse(client)
            answer.begin()
            statuses[answer.status] += 1
            if answer.status != 200:
                assert "Retry-After" in answer.headers
    again = Counter(site.get(ARTICLE)[0] for _ in range(20))

    assert sum(statuses.values()) == 400
    assert set(statuses) <= {200, 429, 503}
    assert statuses[200] >= 200
    assert again == {200: 20}


def test_r04_reloads_of_the_portal_are_not_noticed_in_front_of_it(site):
    with Load(site, ARTICLE, pause=0.01) as load:
        reloads(site.portal, 2)
    assert load.failures == []
    assert set(load.statuses) == {200}
    assert len(load.bodies) == 1


def test_r04_reloads_of_nginx_lose_nothing_either(site):
    with Load(site, ARTICLE, pause=0.01) as load:
        for _ in range(2):
            site.process.send_signal(1)
            time.sleep(1)
    # Who holds a connection open that nginx ends sees it, as every browser does, and
    # asks again; nobody is refused.
    assert [error for is_fresh, error in load.failures if is_fresh] == []
    assert set(load.statuses) == {200}
