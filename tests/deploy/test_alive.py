"""The health check of the container."""

import socket
import threading

import pytest

from clinic import alive


@pytest.fixture
def answering(monkeypatch):
    """A function that answers one request with a status; it returns what was asked."""
    asked = []

    def answer(status):
        server = socket.create_server(("127.0.0.1", 0))
        monkeypatch.setenv("PORT", str(server.getsockname()[1]))

        def serve():
            with server, server.accept()[0] as connection:
                asked.append(connection.recv(4096).decode())
                head = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n"
                connection.sendall(head.encode())

        thread = threading.Thread(target=serve)
        thread.start()
        return asked, thread

    return answer


def test_a_portal_that_answers_is_alive(answering, monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", "*.example.org,b.example")
    asked, thread = answering(200)

    alive.main()
    thread.join()

    assert asked[0].startswith("GET /healthz HTTP/1.1\r\n")
    assert "\r\nHost: example.org\r\n" in asked[0]


def test_the_names_of_the_site_may_stand_in_a_file(answering, monkeypatch, tmp_path):
    (tmp_path / "hosts").write_text("www.example.org,b.example\n")
    monkeypatch.setenv("ALLOWED_HOSTS", "")
    monkeypatch.setenv("ALLOWED_HOSTS_FILE", str(tmp_path / "hosts"))
    asked, thread = answering(200)

    alive.main()
    thread.join()

    assert "\r\nHost: www.example.org\r\n" in asked[0]


def test_a_file_that_cannot_be_read_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("ALLOWED_HOSTS_FILE", str(tmp_path / "gone"))

    with pytest.raises(SystemExit, match="ALLOWED_HOSTS_FILE is "):
        alive.main()


def test_a_portal_without_its_database_is_not(answering):
    _asked, thread = answering(500)

    with pytest.raises(SystemExit, match="answers with 500"):
        alive.main()
    thread.join()


def test_nor_is_one_that_is_not_there(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("PORT", str(server.getsockname()[1]))

    with pytest.raises(SystemExit, match="does not answer"):
        alive.main()
