"""Lines of the log that tell nothing of visitors and that no visitor can forge."""

import ipaddress
import logging
import re
from contextlib import suppress
from typing import Any

from clinic.origin import masked

LONGEST = 1000
QUERY = re.compile(r"\?[^\s'\"<>]+")
# Whatever may be an address of IPv4 or IPv6; ``of_network`` knows whether it is one.
ADDRESS = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)"
    r"|(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?!\w|\.\d)"
)


def discreet(text: str) -> str:
    """Leave out of a text what follows a question mark in an address, and who asks.

    Addresses of machines that only a network of its own knows stay: they are those of
    the portal's own database or proxy.
    """
    return ADDRESS.sub(lambda found: of_network(found[0]), QUERY.sub("?…", text))


def of_network(text: str) -> str:
    """Mask an address; leave four numbers of something else, or a time of the day."""
    address = text.removesuffix(":") if not text.endswith("::") else text
    try:
        is_of_visitor = ipaddress.ip_address(address).is_global
    except ValueError:
        return text
    return text.replace(address, masked(address), 1) if is_of_visitor else text


def one_line(text: str) -> str:
    """Return a text that is one line whatever is in it, and not longer than one."""
    plain = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}…"


def typed(record: logging.LogRecord) -> set[str]:
    """Return what the visitor has typed whose request a record is about.

    A library may have put it into what it says of its failure.
    """
    request: Any = getattr(record, "request", None)
    found: set[str] = set()
    with suppress(Exception):  # of a query that cannot even be read, nothing is known
        found |= {value.strip() for value in request.GET.values()}
        # Only what the page has read already: nothing is read for the log's sake.
        found |= {value.strip() for value in request.__dict__["_post"].values()}
    return {value for value in found if len(value) > 2}


class Formatter(logging.Formatter):
    """A line for each record; the lines of a traceback are set in below it.

    So nothing that a visitor sends begins a line that looks like one of the log.
    """

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for value in sorted(typed(record), key=len, reverse=True):
            text = text.replace(value, "…")
        return text

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = one_line(discreet(record.message))
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        return self.below(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        return self.below(super().formatStack(stack_info))

    def below(self, text: str) -> str:
        lines = discreet(text).splitlines()
        return "\n".join(f"    {one_line(line)}" for line in lines)
