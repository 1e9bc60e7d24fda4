"""All settings of Millwright: one file, driven by MES_* environment variables with working defaults."""

import os
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit


class Variable(NamedTuple):
    """One environment variable: its name, its default as text and what it is for."""

    name: str
    default: str
    meaning: str


VARIABLES = [
    Variable("MES_ENV", "demo", "demo, test or production; production allows no default key and demands HTTPS"),
    Variable("MES_DATABASE_URL", "", "postgresql://user:password@host:port/name; empty: `up` starts PostgreSQL itself"),
    Variable("MES_REDIS_URL", "", "redis://:password@host:port/0; empty: `up` starts Valkey itself"),
    Variable("MES_SECRET_KEY", "", "signing key; `up` makes one per data directory; needed in production"),
    Variable("MES_DATA_DIR", "data", "folder for logs, spool, static files and the embedded servers"),
    Variable("MES_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]", "host names the web server answers to, comma separated"),
    Variable(
        "MES_ORIGINS", "", "exact browser origins of sockets and forms, e.g. https://mes.plant; `up` adds its own"
    ),
    Variable("MES_INSECURE_HTTP", "", "1 allows log-in cookies over plain HTTP on other hosts than this one"),
    Variable("MES_POOL_MAX", "10", "database connections a web process may hold"),
    Variable("MES_TIME_ZONE", "UTC", "time zone of pages that belong to no site"),
    Variable("MES_SHIFT_HORIZON_DAYS", "60", "how many days ahead shifts are made from the calendar"),
    Variable("MES_SHIFT_LOCK_DAYS", "45", "days after its end when a closed shift is locked; 0: never by itself"),
    Variable("MES_SPOOL_MB", "2048", "disk space the poller may use while the database is away"),
    Variable(
        "MES_SMTP_URL", "", "smtp://user:password@host:587?starttls=1 or smtps://host:465; empty: no e-mail is sent"
    ),
    Variable(
        "MES_ERP_FOLDERS",
        "",
        "folders below which ERP connections may use folders, colon separated; empty: <data>/erp-files",
    ),
    Variable("MES_TRYTON_HOME", "", "folder in which the demo's Tryton is built and kept; empty: <data>/erp"),
    Variable("MES_FORECASTS", "1", "0: none are made by night or of the demo's story; a person can still ask for one"),
    Variable("MES_MAIL_FROM", "millwright@localhost", "sender of reports and calls by e-mail"),
]
_DEFAULTS = {variable.name: variable.default for variable in VARIABLES}


def env(name: str) -> str:
    """Text of a MES_* variable, or its documented default. An undocumented name is a KeyError on purpose."""
    return os.environ.get(name) or _DEFAULTS[name]


def _listed(name: str) -> list[str]:
    return [part.strip() for part in env(name).split(",") if part.strip()]


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url or "postgresql://millwright@127.0.0.1:5432/millwright")
    return {
        "ENGINE": "mes.config.database",
        "NAME": unquote(parts.path.lstrip("/")) or "millwright",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "127.0.0.1",
        "PORT": str(parts.port or 5432),
        # A pool, because under ASGI every request thread would else open its own connection (0 of 500 sockets
        # came back within a minute after a restart without it). Health checks survive a PostgreSQL restart.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {
                "min_size": 1,
                "max_size": int(env("MES_POOL_MAX")),
                "timeout": 10,
                "max_idle": 60,
                # The pool doubles its pause between tries up to this; by its own 300 s storing began again half a
                # minute after an outage of 90 s. Whoever waits next begins a new row of tries.
                "reconnect_timeout": 10,
            },
            "connect_timeout": 3,
            "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c timezone=UTC",
        },
    }


def _mail(url: str) -> dict[str, Any]:
    """Where e-mail goes. Without a URL the host is empty: senders keep what they have and say that nothing is set."""
    parts = urlsplit(url)
    return {
        "HOST": parts.hostname or "",
        "PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "SSL": parts.scheme == "smtps",
        "STARTTLS": "starttls=1" in parts.query.split("&"),
    }


BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(env("MES_DATA_DIR")).absolute()
MES_ENV = env("MES_ENV")
PRODUCTION = MES_ENV == "production"
TRYTON_HOME = env("MES_TRYTON_HOME")
FORECASTS = env("MES_FORECASTS") != "0"
ERP_FOLDERS = tuple(filter(None, env("MES_ERP_FOLDERS").split(os.pathsep))) or (str(DATA_DIR / "erp-files"),)
SHIFT_HORIZON_DAYS = int(env("MES_SHIFT_HORIZON_DAYS"))
SHIFT_LOCK_DAYS = int(env("MES_SHIFT_LOCK_DAYS"))
SPOOL_BYTES = int(env("MES_SPOOL_MB")) * 1_000_000
REDIS_URL = env("MES_REDIS_URL") or "redis://127.0.0.1:6379/0"

DEBUG = False
SECRET_KEY = env("MES_SECRET_KEY") or "insecure-demo-key-never-used-in-production"
ALLOWED_HOSTS = _listed("MES_ALLOWED_HOSTS")
ORIGINS = _listed("MES_ORIGINS")
CSRF_TRUSTED_ORIGINS = ORIGINS
ROOT_URLCONF = "mes.config.urls"
ASGI_APPLICATION = "mes.config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": _database(env("MES_DATABASE_URL"))}

INSTALLED_APPS = [
    "mes.config.apps.ConfigApp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "mes.journal",
    "mes.leases",
    "mes.plant",
    "mes.people",
    "mes.signing",
    "mes.plc",
    "mes.production",
    "mes.materials",
    "mes.downtime",
    "mes.labour",
    "mes.quality",
    "mes.andon",
    "mes.guidance",
    "mes.tracking",
    "mes.witness",
    "mes.oee",
    "mes.losses",
    "mes.live",
    "mes.hourly",
    "mes.handover",
    "mes.thread",
    "mes.api",
    "mes.screens",
    "mes.plantfile",
    "analytics",
    "erp_sync",
    "mes.demo",
]

MIDDLEWARE = [
    "mes.config.middleware.ConnectionBackMiddleware",  # outermost: after it nobody asks the database
    "mes.config.middleware.ContentSecurityPolicyMiddleware",  # every answer carries it
    "mes.config.middleware.ChunkedBodyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "mes.screens.station_entries.StationEntryMiddleware",
    "mes.screens.station_device.StationDeviceMiddleware",
    "mes.screens.language.PersonLanguageMiddleware",  # after it is known who reads
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mes.screens.frame.frame",
            ],
        },
    }
]

# People
AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["mes.people.backend.GuardedBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = [
    "mes.people.hashers.CappedArgon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Language and time: UTC inside, the site's zone at the edge
USE_TZ = True
TIME_ZONE = env("MES_TIME_ZONE")
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale", DATA_DIR / "locale"]
for _own in sorted((DATA_DIR / "locale").glob("*/LC_MESSAGES/django.mo")):  # a plant may bring a language of its own
    _code = _own.parent.parent.name
    LANGUAGES += [(_code.replace("_", "-").lower(), _code)]

# Files
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MES_ENV == "test"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_USE_FINDERS = MES_ENV == "test"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

# Redis: the channel layer carries tiles; nothing in it is the only copy of anything
# Publish and subscribe ignore database numbers: two plants on one Redis would hear each other.
REDIS_NAMESPACE = f"mes:{urlsplit(REDIS_URL).path.strip('/') or '0'}"
CHANNEL_LAYERS = {
    "default": {
        # The core layer drops bursts (30 % of 2,000 messages); the pub/sub layer does not.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": REDIS_NAMESPACE},
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# E-mail: sent by tasks only, never while somebody waits for a page
_SMTP = _mail(env("MES_SMTP_URL"))
EMAIL_HOST, EMAIL_PORT = _SMTP["HOST"], _SMTP["PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _SMTP["USER"], _SMTP["PASSWORD"]
EMAIL_USE_SSL, EMAIL_USE_TLS = _SMTP["SSL"], _SMTP["STARTTLS"] and not _SMTP["SSL"]
EMAIL_TIMEOUT = 8  # shorter than a task may last
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("MES_MAIL_FROM")

# Web security
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
# Python clients do not send Secure cookies over http, so they are off on the loopback demo only.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION and not env("MES_INSECURE_HTTP")
SECURE_SSL_REDIRECT = PRODUCTION and not env("MES_INSECURE_HTTP")
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "mes.api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "mes.api.pages.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "mes.api.errors.as_problem",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Millwright API",
    "VERSION": "1",
    "DESCRIPTION": "Live state, counts, OEE, orders and stops of the plant.",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "OrderKindEnum": "mes.production.models.WorkOrder.Kind",
        "PauseReasonEnum": "mes.production.models.WorkOrder.Pause",
        "ShortReasonEnum": "mes.production.models.WorkOrder.Short",
        "ErpOrderStateEnum": "erp_sync.api.shapes.STATES",
        "ErpConnectionStateEnum": "erp_sync.connection_models.ErpConnection.State",
    },
}

# Celery: PostgreSQL is the record of what must happen; Redis only carries the nudge.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 25
CELERY_TASK_SOFT_TIME_LIMIT = 20
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A visibility time-out longer than the longest task, and sweeps that come often enough to matter.
    "visibility_timeout": 30,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "daphne": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},  # a claim tick every two seconds is no news
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
