"""The environment of every test; loaded by pytest before Django's settings.

Every variable is set: a .env file of this machine must not change what is tested.
"""

import gc
import os
import tempfile

VARIABLES = {
    "SECRET_KEY": "only for tests",
    "ALLOWED_HOSTS": "testserver,127.0.0.1",
    "SITE_URL": "https://www.example.org",
    "CACHE_URL": "",
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", ""),
    "EMAIL_URL": "",
    "EMAIL_FROM": "portal@example.org",
    "ERROR_MAIL": "",
    "LOG_DAYS": "0",
    # Tests of signing in switch it on.
    "SECOND_FACTOR": "off",
    "FORWARDED_ALLOW_IPS": "127.0.0.1,::1",
    "DEBUG": "false",
    "HTTPS": "false",
    "LANGUAGE_CODE": "en",
    "MEDIA_STORAGE_URL": "",
    "PHONE_REGION": "IT",
    "TIME_ZONE": "Europe/Rome",
}
os.environ |= VARIABLES | {
    "DATA_DIR": tempfile.mkdtemp(prefix="portal-tests-"),
    # Playwright keeps an event loop running beside the tests of the database.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
}
# A fifth of the time went into looking for garbage among what is never any.
gc.set_threshold(50_000, 20, 100)
