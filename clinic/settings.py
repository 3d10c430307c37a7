"""All settings. The table below declares every variable of the environment."""

import os
import re
import sqlite3
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS

from clinic import sqlite
from clinic.backup.rotation import Keep
from clinic.environment import (
    BASE_DIR,
    boolean,
    read_address,
    read_env_file,
    read_variables_from_files,
    worker_processes,
)

env = environ.Env(
    # name=(type, default); a variable without default must be set in production
    SECRET_KEY=str,
    ALLOWED_HOSTS=list,
    ACCESS_LOG=(boolean, False),
    BACKUP_URL=(str, ""),
    BACKUP_KEY_FILE=(str, ""),
    BACKUP_KEEP=(str, "7,4,12"),
    SITE_URL=(str, ""),
    SECURITY_CONTACT=(str, ""),
    DATA_DIR=(str, ""),
    DATABASE_URL=(str, ""),
    CACHE_URL=(str, ""),
    MEDIA_STORAGE_URL=(str, ""),
    EDGE_MEGABYTES=(int, 16),
    EMAIL_URL=(str, ""),
    EMAIL_FROM=(str, ""),
    ERROR_MAIL=(list, []),
    LOG_DAYS=(int, 0),
    SECOND_FACTOR=(str, "on"),
    DEBUG=(boolean, False),
    FORWARDED_ALLOW_IPS=(list, ["127.0.0.1", "::1"]),
    HTTPS=(boolean, True),
    LANGUAGE_CODE=(str, "en"),
    PHONE_REGION=(str, "IT"),
    PICTURE_MEGABYTES=(int, 4000),
    TIME_ZONE=(str, "Europe/Rome"),
)
read_env_file()
read_variables_from_files(env.scheme)
# For gunicorn alone; but whoever prepares a release is to be told in a sentence.
worker_processes()


def variable(name: str):
    """Return a variable of the table, or say in one sentence what is wrong with it."""
    try:
        value = env(name)
    except ImproperlyConfigured as error:
        if name not in os.environ:
            value = None
        else:
            raise ImproperlyConfigured(f"{name}: {error}") from None
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} is “{os.environ[name]}”; it must be a whole number."
        ) from None
    if value in (None, [], "") and name in {"SECRET_KEY", "ALLOWED_HOSTS"}:
        raise ImproperlyConfigured(
            f"{name} must be set, in the environment or in .env; see .env.example."
        )
    return value


# Core ########################################################################

SECRET_KEY = variable("SECRET_KEY")
ALLOWED_HOSTS = variable("ALLOWED_HOSTS")
DEBUG = variable("DEBUG")
HTTPS = variable("HTTPS")
# Absolute addresses come from here and never from a request, whose Host anybody writes.
SITE_URL = variable("SITE_URL") or (
    f"{'https' if HTTPS else 'http'}://{ALLOWED_HOSTS[0].lstrip('*.') or 'localhost'}"
)
if not re.fullmatch(r"https?://[^/?#\s]+/?", SITE_URL):
    raise ImproperlyConfigured(
        f"SITE_URL is “{SITE_URL}”; it must look like https://www.example.org."
    )
# Whom to tell of a fault in the portal's defences (RFC 9116, section 2.5.3).
SECURITY_CONTACT = variable("SECURITY_CONTACT")
if not re.fullmatch(r"((https://|mailto:|tel:)\S+)?", SECURITY_CONTACT):
    raise ImproperlyConfigured(
        f"SECURITY_CONTACT is “{SECURITY_CONTACT}”; it must begin with https://, "
        "mailto: or tel:."
    )
# Whose word is believed on where a request comes from; gunicorn reads it too.
try:
    PROXIES = [
        ip_network(network)
        for address in variable("FORWARDED_ALLOW_IPS")
        for network in (["0.0.0.0/0", "::/0"] if address == "*" else [address])
    ]
except ValueError as error:
    raise ImproperlyConfigured(
        f"FORWARDED_ALLOW_IPS: {error}; it must list addresses or networks."
    ) from None
DATA_DIR = Path(variable("DATA_DIR") or BASE_DIR / "var").resolve()
try:
    # Closed to other accounts of the machine: keys, drafts and names lie there.
    DATA_DIR.mkdir(mode=0o750, parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(
        f"DATA_DIR is {DATA_DIR}, which cannot be made ({error.strerror})."
    ) from None

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

INSTALLED_APPS = [
    "clinic.apps.ClinicConfig",
    "articles.apps.ArticlesConfig",
    "clinic.apps.DeskConfig",  # Django's admin under the practice's name
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_countries",
    "django_prose_editor",
    "phonenumber_field",
    "reversion",
]

MIDDLEWARE = [
    # Headers first, so that static files carry them too.
    "clinic.middleware.SecurityHeadersMiddleware",
    "clinic.middleware.SizeMiddleware",
    "csp.middleware.CSPMiddleware",
    # Before whatever may refuse a request: the refusal has a language too.
    "clinic.middleware.LanguageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinic.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.middleware.DeskMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "clinic.templates.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context_processors.practice",
                "clinic.context_processors.languages",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# Database ####################################################################

DATABASE_URL = variable("DATABASE_URL")
DATABASE_LIKE = "postgres://user:password@host/name"
if DATABASE_URL and DATABASE_URL.partition("://")[0] not in env.DB_SCHEMES:
    raise ImproperlyConfigured(f"DATABASE_URL must look like {DATABASE_LIKE}.")
DATABASES = {
    "default": read_address(
        "DATABASE_URL", env.db_url_config, DATABASE_URL, DATABASE_LIKE
    )
    if DATABASE_URL
    else {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "portal.sqlite3"}
}
# To open one costs as much as two queries. A server may end it meanwhile.
DATABASES["default"] |= {
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": bool(DATABASE_URL),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A host that drops packets must not keep readers from the last good copy.
    options: Any = DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5} | options
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Writers queue from their first statement on; the default mode lets them
        # collide half-way with "database is locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": sqlite.PATIENCE_SECONDS,
        "init_command": sqlite.init_command(sqlite3.sqlite_version_info),
    }

# Past one machine ############################################################

# What several machines have to agree on (what has changed, sessions, wrong passwords,
# the search) is in the database. The cache is for what costs less near, and never for
# what may have to end at once: a copy of a session could outlive its end.
CACHE_URL = variable("CACHE_URL")
if CACHE_URL:
    CACHE_LIKE = "redis://host:6379/0"
    if not re.match(r"(rediss?|valkeys?|unix)://.", CACHE_URL):
        raise ImproperlyConfigured(f"CACHE_URL must look like {CACHE_LIKE}.")
    # Else whoever first asks the cache would be told of it.
    read_address("CACHE_URL", lambda url: urlsplit(url).port, CACHE_URL, CACHE_LIKE)
    CACHES = {
        "default": {
            "BACKEND": "clinic.cache.Cache",
            "LOCATION": re.sub("^valkey", "redis", CACHE_URL),
        }
    }

# Backups #####################################################################

# A folder or s3://bucket/folder, the file of a key, and of how many days, weeks and
# months one each is kept; see clinic/backup.
BACKUP_URL = variable("BACKUP_URL") or str(DATA_DIR / "backups")
if not re.match("s3://[a-z0-9]|/", BACKUP_URL):
    # Its value may hold a password. A folder would be made wherever a command is run.
    raise ImproperlyConfigured(
        "BACKUP_URL must be the whole path of a folder, such as /mnt/backups/portal, "
        "or look like s3://bucket/folder."
    )
BACKUP_KEY_FILE = variable("BACKUP_KEY_FILE")
if BACKUP_KEY_FILE and not Path(BACKUP_KEY_FILE).is_absolute():
    # It would be looked for in the folder of one release, and go with it.
    raise ImproperlyConfigured(
        f"BACKUP_KEY_FILE is “{BACKUP_KEY_FILE}”; it must be a whole path, such as "
        "/etc/portal/backup.key."
    )
try:
    BACKUP_KEEP = Keep.read(variable("BACKUP_KEEP"))
except ValueError:
    raise ImproperlyConfigured(
        f"BACKUP_KEEP is “{variable('BACKUP_KEEP')}”; it must be the numbers of days, "
        "weeks and months, such as 7,4,12."
    ) from None

# Languages and time ##########################################################

LANGUAGES = [("en", _("English")), ("it", _("Italian"))]
LANGUAGE_CODE = variable("LANGUAGE_CODE")
if LANGUAGE_CODE not in dict(LANGUAGES):
    raise ImproperlyConfigured(
        f"LANGUAGE_CODE is “{LANGUAGE_CODE}”; the portal speaks "
        f"{', '.join(dict(LANGUAGES))}."
    )
# The templates' words are kept with the practice's; articles has its own.
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]
# The desk remembers a chosen language; its cookie never reaches a public page.
LANGUAGE_COOKIE_PATH = "/admin/"
TIME_ZONE = variable("TIME_ZONE")
try:
    ZoneInfo(TIME_ZONE)
except (KeyError, ValueError, OSError):
    raise ImproperlyConfigured(
        f"TIME_ZONE is “{TIME_ZONE}”, which is no time zone; one is Europe/Rome."
    ) from None
USE_TZ = True
FORMAT_MODULE_PATH = ["clinic.formats"]
PHONENUMBER_DEFAULT_REGION = variable("PHONE_REGION")
if PHONENUMBER_DEFAULT_REGION not in SUPPORTED_REGIONS:
    raise ImproperlyConfigured(
        f"PHONE_REGION is “{PHONENUMBER_DEFAULT_REGION}”, not two letters such as IT."
    )
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"

# Static files and pictures ###################################################

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # nginx reads them too, whoever may read the rest (deploy/systemd/portal.service).
    "staticfiles": {
        "BACKEND": "clinic.static.Storage",
        "OPTIONS": {"directory_permissions_mode": 0o755},
    },
}
MEDIA_STORAGE_URL = variable("MEDIA_STORAGE_URL")
if MEDIA_STORAGE_URL:
    bucket = re.fullmatch(r"s3://([a-z0-9.-]{3,63})(?:/(.*?))?/?", MEDIA_STORAGE_URL)
    if not bucket:
        raise ImproperlyConfigured(
            "MEDIA_STORAGE_URL must look like s3://bucket/folder."
        )
    STORAGES["default"] = {
        "BACKEND": "clinic.storage.Storage",
        "OPTIONS": {"bucket_name": bucket[1], "location": bucket[2] or ""},
    }
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# No other site has a use for them.
WHITENOISE_ALLOW_ALL_ORIGINS = False
# Source maps weigh 4 MB here and only a developer's tools ask for them.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["avif", "gz", "jpg", "map", "png", "woff2"]
# Forms of the desk carry one picture; fields stay bounded. See clinic/uploads.py.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 4
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["clinic.uploads.Handler"]
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"
# What all pictures together may take of the disk. One takes about a megabyte in all its
# widths, so this is more than a practice writes articles, and no more than a small
# server and its backups can hold.
PICTURE_MEGABYTES = variable("PICTURE_MEGABYTES")

# What each process keeps of finished public answers; see clinic/edge.
EDGE_MEGABYTES = variable("EDGE_MEGABYTES")

# Signing in ##################################################################

AUTH_USER_MODEL = "clinic.User"
# Memory-hard, as OWASP asks, and in Python itself; others are hashed anew at sign-in.
PASSWORD_HASHERS = [
    f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("Scrypt", "PBKDF2")
]
PASSWORD_MIN_LENGTH = 12
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH},
    },
    {
        "NAME": "django.contrib.auth.password_validation."
        "UserAttributeSimilarityValidator"
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "clinic.signing_in.passwords.GuessableValidator"},
]
# Whether everybody needs a passkey or a code beside the password: on; off; or local,
# which is off and only for a portal on one's own machine.
SECOND_FACTOR = variable("SECOND_FACTOR").strip().lower() or "on"
if SECOND_FACTOR not in {"on", "off", "local"}:
    raise ImproperlyConfigured(
        f"SECOND_FACTOR is “{SECOND_FACTOR}”; it must be on, off or local."
    )
SESSION_ENGINE = "clinic.signing_in.sessions"
# Half a working day at most, and an hour without a request (NIST SP 800-63B-4, 2.2.3,
# allows 24 hours and one). Whatever is being typed survives: see static/js.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_SECONDS = 3600
# Cookies live under the desk's address only: a visitor's browser never sends one,
# not even that of a member of staff who reads the public pages.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin/"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Secure-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Secure-csrf" if HTTPS else "csrf"
DEVICE_COOKIE_NAME = "__Secure-device" if HTTPS else "device"
LANGUAGE_COOKIE_NAME = "__Secure-language" if HTTPS else "language"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "clinic.views.csrf_failure"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# The default puts them into a cookie of its own, which goes to every address.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Mail ########################################################################

EMAIL_URL = variable("EMAIL_URL")
if EMAIL_URL:
    EMAIL_LIKE = "smtp+tls://user:password@mail.example.org:587"
    if EMAIL_URL.partition("://")[0] not in env.EMAIL_SCHEMES:
        raise ImproperlyConfigured(f"EMAIL_URL must look like {EMAIL_LIKE}.")
    globals().update(
        read_address("EMAIL_URL", env.email_url_config, EMAIL_URL, EMAIL_LIKE)
    )
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = variable("EMAIL_FROM") or "webmaster@localhost"

# Security headers ############################################################

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF],
        "manifest-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
SECURE_HSTS_SECONDS = 63072000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
X_FRAME_OPTIONS = "DENY"
# Preloading binds every host under the domain for years: the owner's decision.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

# Logging #####################################################################

# Whether gunicorn writes a line for each visit, with a masked address.
ACCESS_LOG = variable("ACCESS_LOG")

# For how many days whoever runs the server keeps the log: journald's or logrotate's
# number. The page on privacy tells it; 0 says that nobody has told.
LOG_DAYS = variable("LOG_DAYS")
# Whom to write when something breaks.
ERROR_MAIL = variable("ERROR_MAIL")
if ERROR_MAIL and not EMAIL_URL:
    raise ImproperlyConfigured("ERROR_MAIL needs a mail server: set EMAIL_URL too.")

# Django prints no traceback when DEBUG is off unless it is told to.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "clinic.logs.Formatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "mail": {
            "class": "clinic.error_mail.Handler",
            "formatter": "line",
            "level": "ERROR",
        },
    },
    "root": {"handlers": ["stderr", "mail"] if ERROR_MAIL else ["stderr"]}
    | {"level": "INFO"},
    "loggers": {
        "botocore": {"level": "WARNING"},  # it tells where it has found its keys
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # Whoever looks for other sites here is refused; a traceback for each is noise.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # It names every passkey that is used.
        "fido2": {"level": "WARNING"},
    },
}
