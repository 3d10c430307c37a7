"""How often addresses are asked for at which nothing is found, and from where."""

import re
from urllib.parse import urlsplit

from clinic import old_addresses
from clinic.edge.counts import Counts
from clinic.models import MissedAddress

NOT_FOUND = "404 Not Found"
LONGEST = 200
HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+")
# What programs try that look for weak spots, and what browsers ask for by themselves.
NOISE = re.compile(
    r"""
    /\.                                                   # .env, .git, .well-known
    | ^/(?:wp-|wordpress|xmlrpc|cgi-bin|phpmyadmin|favicon\.ico|apple-touch-icon)
    | /wp-(?:admin|content|includes|login)
    | (?<!/index)\.(?:php|aspx?)\d?$
    | \.(?:jsp|cgi|env|sql|bak|ini|log|ya?ml|xml|json|zip|gz|tar|rar|js|css|map|txt)$
    | @                                                   # of a person, by accident
    """,
    re.VERBOSE,
)


class Missed(Counts):
    """Counts by address, in the one form in which redirects know it."""

    def __init__(self) -> None:
        super().__init__(lambda counts: MissedAddress.objects.add(counts))

    def note(self, key: str, referrer: str) -> None:
        """Count an address once more; ``key`` is that of the edge."""
        path, _, query = key.partition("?")
        try:
            address = old_addresses.asked_in_bytes(path, query)
        except ValueError:  # no bytes at all: no server passes such a thing on
            return
        if len(address) > LONGEST or NOISE.search(address.partition("?")[0]):
            return
        self.add(address, site_of(referrer))


def site_of(referrer: str) -> str:
    """Return the name of the site in a Referer header, and nothing else of it."""
    try:
        host = urlsplit(referrer[:2000]).hostname or ""
    except ValueError:
        return ""
    return host if len(host) <= 100 and HOST.fullmatch(host) else ""
