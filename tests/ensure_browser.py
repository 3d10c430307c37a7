"""Find a Chromium for the browser tests, or install one. Run by `make test`.

In this order: a Chromium or Chrome that is there, Debian's package where it may be
installed, Playwright's own download.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "The browser tests need Chromium: install Debian's package “chromium”, or Google "
    "Chrome, or run “.venv/bin/playwright install chromium”."
)


def playwright_browser() -> str | None:
    """Return Playwright's own Chromium if it has been downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find() -> str | None:
    """Return the path of a browser on this machine, or None."""
    found = filter(None, map(shutil.which, NAMES))
    return next(found, None) or playwright_browser()


def attempt(*command: str) -> bool:
    result = subprocess.run(command, capture_output=True, check=False)
    return result.returncode == 0


def install() -> None:
    """Try Debian's package, then Playwright's download; both may fail."""
    print("Installing Chromium for the browser tests …", flush=True)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = "DEBIAN_FRONTEND=noninteractive"
        attempt("apt-get", "-qq", "update")
        if attempt("env", environment, "apt-get", "-qq", "-y", "install", "chromium"):
            return
    attempt(sys.executable, "-m", "playwright", "install", "chromium")


if __name__ == "__main__":
    if not find():
        install()
    if not find():
        # The other tests still run; those of the browser fail with this sentence.
        print(MISSING, file=sys.stderr)
