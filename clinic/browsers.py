"""Which browser somebody uses, in words that people know."""

import re

from django.http import HttpRequest

# The first that is named in what a browser says of itself: most name others too.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Macintosh": "Mac",
    "Linux": "Linux",
}


def browser_of(request: HttpRequest) -> str:
    """Return names that people know ("Firefox, Windows"), or nothing."""
    said = str(request.META.get("HTTP_USER_AGENT", ""))[:500]
    return ", ".join(
        next(
            (name for word, name in names.items() if re.search(rf"\b{word}", said)), ""
        )
        for names in (BROWSERS, SYSTEMS)
    ).strip(", ")
