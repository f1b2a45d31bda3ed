"""All settings of the portal, read through typed readers (`env.py`) that document themselves.

Nothing needs to be set: the defaults run the whole portal on one machine from one folder.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured

from mlopsportal.env import SettingError, env
from mlopsportal.node import node_of

# Lets generic classes of Django be written with their type, as in `ModelAdmin[User]`.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

try:
    env.section = "Essentials"
    env.text(
        "PORTAL_ENV_FILE",
        default=".env",
        meaning="File that settings are read from; the environment wins over it.",
    )
    env.check_file()
    DATA = Path(
        env.text(
            "PORTAL_DATA",
            default="var",
            meaning="Folder for all state: databases, artifacts, environments, logs.",
        )
    ).resolve()
    HOST = env.text("PORTAL_HOST", default="127.0.0.1", meaning="Address that the portal binds.")
    PORT = env.number(
        "PORTAL_PORT", default=8000, least=1, most=65535, meaning="Port that the portal binds."
    )
    PUBLIC_URL = (
        env.url(
            "PORTAL_PUBLIC_URL",
            schemes=("http", "https"),
            meaning="Address under which people reach the portal; default: host and port.",
        )
        or f"http://{f'[{HOST}]' if ':' in HOST else HOST}:{PORT}"
    )
    NODE = env.text(
        "PORTAL_NODE",
        meaning="Name of this machine among those that serve models; default: the one in the "
        "data folder's file `node`, at first its host name.",
    ) or node_of(DATA)
    SECRET_KEY = env.secret(
        "SECRET_KEY",
        meaning="Signs sessions and links. `manage.py setup` writes one to the data folder.",
    )
    DEBUG = env.flag("DEBUG", default=False, meaning="Django's debug mode; for development only.")
    ALLOWED_HOSTS = env.words(
        "ALLOWED_HOSTS",
        meaning="Host names that requests may carry, besides loopback and the public URL's.",
    )
    TRUSTED_PROXIES = env.networks(
        "PORTAL_TRUSTED_PROXIES",
        meaning="Addresses or networks of proxies whose X-Forwarded-For and -Proto are believed; "
        "default: none's.",
    )

    env.section = "Services"
    _DATABASE_URL = env.url(
        "DATABASE_URL",
        schemes=("sqlite", "postgres", "postgresql"),
        meaning="The portal's database; default: SQLite in the data folder.",
    )
    BROKER_URL = env.url(
        "PORTAL_BROKER_URL",
        schemes=("filesystem", "redis", "rediss", "memory"),
        meaning="Celery's broker; default: files in the data folder.",
    )
    _PREDICTIONS_URL = env.url(
        "PORTAL_PREDICTIONS_URL",
        schemes=("sqlite", "postgres", "postgresql"),
        meaning="Where predictions are stored; default: the portal's database.",
    )

    env.section = "MLflow"
    MLFLOW_DATABASE_URL = env.url(
        "PORTAL_MLFLOW_DATABASE_URL",
        schemes=("sqlite", "postgresql"),
        meaning="MLflow's own database; default: SQLite in the data folder.",
    )
    ARTIFACTS_URL = env.text(
        "PORTAL_ARTIFACTS_URL",
        meaning="Where MLflow keeps artifacts; default: a folder in the data folder.",
    )
    REGISTRY_INTERVAL = env.duration(
        "PORTAL_REGISTRY_INTERVAL",
        default="15s",
        meaning="How often the model registry is read for new versions and aliases.",
    )

    env.section = "Serving"
    MODEL_PYTHON = env.text(
        "PORTAL_MODEL_PYTHON",
        meaning="Python for models' environments; default: the portal's own.",
    )
    LOAD_TIMEOUT = env.duration(
        "PORTAL_LOAD_TIMEOUT",
        default="60s",
        meaning="How long a model may take to load and prove itself before it counts as failed.",
    )
    PREDICT_TIMEOUT = env.duration(
        "PORTAL_PREDICT_TIMEOUT",
        default="60s",
        meaning="Deadline of one prediction; a model that hangs far beyond it is restarted.",
    )
    MAX_BODY = env.number(
        "PORTAL_MAX_BODY",
        default=64 * 2**20,
        least=1024,
        most=256 * 2**20,
        meaning="Largest body of a prediction request, in bytes.",
    )
    BODY_TIMEOUT = env.duration(
        "PORTAL_BODY_TIMEOUT",
        default="30s",
        meaning="How long the body of a prediction request may take to arrive.",
    )
    BODY_MEMORY = env.number(
        "PORTAL_BODY_MEMORY",
        default=512 * 2**20,
        least=1024,
        meaning="Bytes of prediction requests that one web process holds at a time.",
    )
    MAX_IN_FLIGHT = env.number(
        "PORTAL_MAX_IN_FLIGHT",
        default=256,
        least=1,
        meaning="Requests that one deployment works on or queues at a time, per web process.",
    )
    SHIP_INTERVAL = env.duration(
        "PORTAL_SHIP_INTERVAL",
        default="1s",
        meaning="How often predictions are moved from the log on disk to the store.",
    )

    env.section = "Background work"
    WORKER_PROCESSES = env.number(
        "PORTAL_WORKER_PROCESSES",
        default=2,
        least=1,
        most=64,
        meaning="Processes of this machine that run background jobs.",
    )
    JOB_LEASE = env.duration(
        "PORTAL_JOB_LEASE",
        default="60s",
        least="3s",
        meaning="A job whose worker has not been heard of for this long is taken over.",
    )
    KEEP_JOBS = env.duration(
        "PORTAL_KEEP_JOBS", default="90d", meaning="How long ended jobs stay listed."
    )
    SCHEDULE_CLEANUP = env.cron(
        "PORTAL_SCHEDULE_CLEANUP",
        default="17 3 * * *",
        meaning="Cron line (UTC) of the clean-up of old jobs, environments and files, or `off`.",
    )
    SCHEDULE_CHECKS = env.cron(
        "PORTAL_SCHEDULE_CHECKS",
        default="5 * * * *",
        meaning="Cron line (UTC) of the drift check of every live deployment, or `off`.",
    )
    LOG_LEVEL = env.choice(
        "PORTAL_LOG_LEVEL",
        choices=("DEBUG", "INFO", "WARNING", "ERROR"),
        default="INFO",
        meaning="How much the processes write about what they do.",
    )
except SettingError as error:
    raise ImproperlyConfigured(str(error)) from error

# ---- Data folder -----------------------------------------------------------------------------

if not SECRET_KEY and (DATA / "secret_key").is_file():
    SECRET_KEY = (DATA / "secret_key").read_text(encoding="utf-8").strip()
if not SECRET_KEY and DEBUG:
    SECRET_KEY = "insecure-key-of-debug-mode-" + "0" * 32
if not SECRET_KEY:
    # Django refuses an empty key with a sentence of its own; core.checks says what to do.
    SECRET_KEY = ""

ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]", urlsplit(PUBLIC_URL).hostname or HOST]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL.rstrip("/")]

# ---- Django ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "mlopsportal",
    "monitoring",
    "gateway",
    "deployments",
    "registry",
    "accounts",
    "core",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "core.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.middleware.IdempotencyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "core.middleware.PortalErrorMiddleware",
]

ROOT_URLCONF = "mlopsportal.urls"
ASGI_APPLICATION = "mlopsportal.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mlopsportal.frame.frame",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]


def _database(url: str, *, default_name: str) -> dict[str, Any]:
    """Return Django's settings of one database, SQLite tuned for several writing processes."""
    # Connections end with their request: under ASGI each has a thread of its own, so that one kept
    # for later would only be forgotten, until the server has no more to give.
    config: dict[str, Any] = dict(
        dj_database_url.parse(url or f"sqlite:///{DATA / default_name}", conn_max_age=0)
    )
    if config["ENGINE"] == "django.db.backends.sqlite3":
        # IMMEDIATE takes the write lock at BEGIN, so that a transaction that reads first and
        # writes later waits its turn instead of failing with "database is locked".
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
    return config


DATABASES = {"default": _database(_DATABASE_URL, default_name="portal.sqlite3")}
if _PREDICTIONS_URL:
    DATABASES["predictions"] = _database(_PREDICTIONS_URL, default_name="predictions.sqlite3")
DATABASE_ROUTERS = ["gateway.routers.PredictionRouter"]
PREDICTIONS_DATABASE = "predictions" if _PREDICTIONS_URL else "default"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]

# ---- Security --------------------------------------------------------------------------------

_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_NAME = "portal_session"
SESSION_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
CSRF_COOKIE_SECURE = _HTTPS
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SECURE_HSTS_PRELOAD = _HTTPS
SECURE_SSL_REDIRECT = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^healthz$"]
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 2**20
SILENCED_SYSTEM_CHECKS: list[str] = []

# ---- REST ------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.PolicyPermission"],
    "DEFAULT_RENDERER_CLASSES": ["core.rest.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "core.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "core.rest.Pagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "core.rest.exception_handler",
    "UNAUTHENTICATED_USER": None,
    # `?format=` is a parameter of ours (predictions), not a choice of renderer.
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MLOps portal",
    "DESCRIPTION": "Register, deploy, predict, watch: everything the pages can do.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

# ---- Celery ----------------------------------------------------------------------------------

CELERY_BROKER_URL = BROKER_URL or "filesystem://"
CELERY_BROKER_TRANSPORT = (
    "mlopsportal.broker:Transport" if CELERY_BROKER_URL.startswith("filesystem") else None
)
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "data_folder_in": str(DATA / "broker" / "messages"),
        "data_folder_out": str(DATA / "broker" / "messages"),
        "control_folder": str(DATA / "broker" / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }
    if CELERY_BROKER_URL.startswith("filesystem")
    # A doorbell that does not ring now is left: the sweep rings again, and nobody waits.
    else {"max_retries": 0}
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "portal"
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False

# ---- Logging ---------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Each request that these tell of is told of elsewhere, or is none of our business.
        name: {"level": level}
        for level, names in {
            "WARNING": "httpx httpcore uvicorn.error celery.app.trace celery.worker.strategy",
            "ERROR": "django.request kombu.connection",
        }.items()
        for name in names.split()
    },
}
