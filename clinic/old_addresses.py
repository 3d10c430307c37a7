"""Addresses that are no page (any more): in one form, as parameters, and as words.

One address has many spellings: with and without a slash at its end, in capitals, with
%-escapes, with a session in its query. The form here is decoded, composed (Unicode NFC)
and in small letters; of a query it keeps what tells pages of an older site apart.
"""

import re
from itertools import combinations
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode

from django.utils.encoding import repercent_broken_unicode

from clinic.accents import composed

LONGEST = 300

# Where the pages of older sites differ in their query only, and in which parameters:
# those of Joomla (docs.joomla.org, "Search Engine Friendly URLs"), in one order.
SCRIPT = re.compile(r"(?i)\.(?:php|aspx?)/?$")
NAME = r"[a-z][a-z0-9_]{0,40}"
NUMBER = r"([0-9]{1,9})(?::[\w.~-]{0,200})?"  # a number, maybe with a slug behind it
PARAMETERS = {
    "option": re.compile(f"(com_{NAME})"),
    "task": re.compile(f"({NAME})"),
    "view": re.compile(f"({NAME})"),
    "id": re.compile(NUMBER),
    "catid": re.compile(NUMBER),
    "itemid": re.compile(NUMBER),
    "lang": re.compile(r"([a-z]{2,3}(?:-[a-z]{2,3})?)"),
}
# They say from where one came to a page, and do not tell pages apart.
BESIDE = ("catid", "itemid", "lang")

# What would read as something else once it is typed again, or cannot be seen.
ESCAPED = re.compile(r"[%?#\x00-\x20\x7f-\xa0\u2028\u2029]")
HOST = re.compile(r"(?i)(?:[a-z][a-z0-9+.-]*://|(?=www\.))[^/?#]*")


def parameters(path: str, query: str) -> dict[str, str]:
    """Return what tells pages of an older site apart; of other paths nothing."""
    if not query or not SCRIPT.search(path):
        return {}
    try:
        pairs = dict(parse_qsl(query.lower(), max_num_fields=20))
    except ValueError:
        return {}
    found = {
        name: pattern.fullmatch(pairs[name])
        for name, pattern in PARAMETERS.items()
        if name in pairs
    }
    return {name: match[1] for name, match in found.items() if match}


def asked(path: str, query: str = "") -> str:
    """Return the one form of a decoded path and its query, as a server has them."""
    understood = parameters(path, query)
    path = composed(composed(path).lower())
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    path = ESCAPED.sub(lambda found: quote(found[0]), "/" + "/".join(kept))
    return f"{path}?{urlencode(understood)}" if understood else path


def asked_in_bytes(path: str, query: str = "") -> str:
    """Return the same of a path with a byte a character, as in WSGI's PATH_INFO."""
    return asked(decoded(path.encode("latin-1")), query)


def typed(text: str) -> str:
    """Return the one form of what a person types or pastes, with or without a host."""
    text = HOST.sub("", text.strip(), count=1) if HOST.match(text.strip()) else text
    path, _, query = text.strip().partition("#")[0].partition("?")
    return asked("/" + decoded(unquote_to_bytes(path)), query)


def decoded(path: bytes) -> str:
    return repercent_broken_unicode(path).decode()


def variants(address: str) -> list[str]:
    """Return an address in one form, then with ever less of what stands beside it.

    A redirect made from a link with ``Itemid`` is thus none of another page's, and one
    made without it serves every link to its page.
    """
    path, _, query = address.partition("?")
    pairs = parse_qsl(query)
    beside = [name for name, _value in pairs if name in BESIDE]
    return [
        f"{path}?{urlencode(left)}" if left else path
        for count in range(len(beside) + 1)
        for dropped in combinations(reversed(beside), count)
        if (left := [pair for pair in pairs if pair[0] not in dropped]) or not query
    ]


# What stands in addresses and is no word of their subject.
NO_WORDS = {
    "about", "argomenti", "article", "articles", "articoli", "articolo", "aspx", "blog",
    "category", "categoria", "com", "component", "content", "default", "doctors",
    "edizioni", "editions", "en", "feed", "home", "htm", "html", "index", "it", "item",
    "medici", "news", "option", "page", "pages", "pagina", "pagine", "php", "post",
    "posts", "tag", "topics", "view", "www",
}  # fmt: skip
MOST_WORDS = 8


def words(path: str) -> str:
    """Return what a decoded path says in words, at most eight, for a search.

    Long numbers are left out: whoever makes up an address shall not get a telephone
    number of his own onto a page of the practice.
    """
    text = composed(path.lower())
    found = [
        word
        for word in re.findall(r"[^\W_]{2,40}", text)
        if word not in NO_WORDS and not word.isdigit() and not re.search(r"\d{4}", word)
    ]
    # The end says most: it is the page, and before it stand its folders.
    return " ".join(found[-MOST_WORDS:])
