"""One file, from the environment. Runs with nothing set, for checks and development; production sets all of
what README.md lists under Configuration."""

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.utils.csp import CSP

from introw.schedule import BEAT_SCHEDULE

BASE_DIR = Path(__file__).resolve().parent.parent
env = os.environ.get


def flag(name):
    return env(name, "").lower() in {"1", "true", "yes", "on"}


def database(url, **extra):
    """A Django database from `postgresql://user:password@host:port/name?host=/socket/folder`."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": query.pop("port", str(parts.port or "")),
        **extra,
        "OPTIONS": {**query, **extra.get("OPTIONS", {})},
    }


DEBUG = flag("PORTAL_DEBUG")
DEMO = flag("PORTAL_DEMO")
DEMO_SECRET = env("PORTAL_DEMO_SECRET", "")
SECRET_KEY = env("PORTAL_SECRET_KEY", "not-a-secret-only-for-checks-and-development")
PUBLIC_URL = env("PORTAL_PUBLIC_URL", "http://localhost:8000").rstrip("/")
PUBLIC_HOST = urlsplit(PUBLIC_URL).netloc
HTTPS = PUBLIC_URL.startswith("https://")
# Whom to believe about client and scheme. The web server listens to them (introw/processes.py), nothing else does.
PROXIES = env("PORTAL_PROXIES", "")
# Hosts of the product itself, beside the public one. Every other host must be a workspace's own domain.
MAIN_HOSTS = {PUBLIC_HOST, *filter(None, env("PORTAL_EXTRA_HOSTS", "").split(","))}
ALLOWED_HOSTS = ["*"]  # workspaces.middleware answers 421 to a host that is neither ours nor a workspace's
HUBSPOT_API_URL = env("PORTAL_HUBSPOT_API_URL", "https://api.hubapi.com")
HUBSPOT_APP_URL = env("PORTAL_HUBSPOT_APP_URL", "https://app.hubspot.com")  # where people sign in to it
# Salesforce tells where its API is, and only its own addresses are believed. In the demo, one of a stand-in too.
SALESFORCE_STANDIN_URL = env("PORTAL_SALESFORCE_STANDIN_URL", "") if DEMO else ""
# Where Salesforce streams its changes. The address for the EU: api.deu.pubsub.salesforce.com:7443.
SALESFORCE_EVENTS = env("PORTAL_SALESFORCE_EVENTS", "api.pubsub.salesforce.com:7443")
SALESFORCE_STANDIN_EVENTS = env("PORTAL_SALESFORCE_STANDIN_EVENTS", "") if DEMO else ""
# First key encrypts, all of them decrypt: put a new one in front to rotate.
ENCRYPTION_KEYS = [key for key in env("PORTAL_ENCRYPTION_KEYS", "").split(",") if key]
# How long work waits whose process died, until another takes it: longer than a call to a CRM can take.
LEASE_SECONDS = float(env("PORTAL_LEASE_SECONDS", "30"))

INSTALLED_APPS = [
    "workspaces",
    "segments",
    "portal.notifications",
    "portal.profile",
    "portal.deals",
    "portal.quotes",
    "portal.experiences",
    "portal.access",
    "crm_sync",
    "introw",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "workspaces.middleware.UnstorableMiddleware",
    "workspaces.middleware.DatabaseAwayMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "workspaces.sessions.OneHostMiddleware",
    "workspaces.middleware.WorkspaceMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workspaces.sessions.IdleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "segments.viewer.ViewerMiddleware",
    "segments.activity.ActivityMiddleware",
    "workspaces.guard.GuardMiddleware",
]

ROOT_URLCONF = "introw.urls"
WSGI_APPLICATION = "introw.wsgi.application"
ASGI_APPLICATION = "introw.asgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.static", "django.templatetags.i18n", "introw.templatetags.ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.csp",
                "introw.navigation.navigation",
                "segments.holds.banners.banners",
            ],
        },
    }
]

# Two roles. The application neither owns a table nor passes row-level security by; only `migrate` and the
# tests know the owner.
APP_DATABASE_URL = env("DATABASE_URL", "postgresql://portal_app@localhost:5432/portal")
DATABASES = {
    "default": database(
        APP_DATABASE_URL,
        OPTIONS={
            "pool": {"min_size": 1, "max_size": int(env("PORTAL_DATABASE_POOL", "10")), "timeout": 5},
            # Compiled plans make the engine's statements many times slower. What is prepared is planned once: else
            # the planner believes that a plan for just these values is better, and makes one every time.
            "options": "-c jit=off -c plan_cache_mode=force_generic_plan",
            "prepare_threshold": 5,  # Django prepares nothing; workspaces/statements.py asks for it
        },
        TEST={"MIRROR": "owner"},
    ),
    "owner": database(env("DATABASE_OWNER_URL", APP_DATABASE_URL)),
}
# A pool between us and PostgreSQL that cannot keep prepared statements (PgBouncer before 1.21) needs "0" here.
PREPARED_STATEMENTS = env("PORTAL_PREPARED_STATEMENTS", "1") != "0"
DATABASE_ROUTERS = ["workspaces.routers.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sessions, cache and rate limits live in PostgreSQL: no page needs Valkey.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

AUTH_USER_MODEL = "workspaces.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "workspaces"
ACCOUNT_ADAPTER = "workspaces.sign_in.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "workspaces.sign_in.SignInForm",
    "reset_password": "workspaces.sign_in.NewPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = [
    "email*"
]  # nobody signs up: this only tells allauth that people are known by address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_VERIFICATION = "none"  # a mailed code proves the address
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_TIMEOUT = 600
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_SESSION_REMEMBER = True
# allauth's own limits, and a longer one so that nobody's mailbox is flooded. In the cache, which is the database.
ACCOUNT_RATE_LIMITS = {"request_login_code": "20/m/ip,3/m/key,30/h/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = 0  # the web server has put the client's own address in place by then
MFA_ADAPTER = "workspaces.sign_in.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Partner portal"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 12
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers themselves allow it on localhost alone
# A sign-in lasts SESSION_COOKIE_AGE at most; without a sign of life it ends earlier, in Settings much earlier.
SIGN_IN_IDLE = timedelta(days=7)
SETTINGS_IDLE = timedelta(hours=8)

CELERY_BROKER_URL = env("REDIS_URL", "redis://localhost:6379/0")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 25
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 30,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE
CELERY_TIMEZONE = "UTC"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env("PORTAL_STATIC_ROOT", str(BASE_DIR / ".portal" / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env("PORTAL_MEDIA_ROOT", str(BASE_DIR / ".portal" / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if flag("PORTAL_STATIC_MANIFEST")
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not flag("PORTAL_STATIC_MANIFEST")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # a segment of 250 conditions is one form

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_SSL_REDIRECT = True  # by the scheme that one of the proxies told
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "connect-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "manifest-src": [CSP.SELF],
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["htmx"],
}

mail = urlsplit(env("PORTAL_EMAIL_URL", ""))  # smtp://user:password@host:587, smtps:// for implicit TLS
DEFAULT_FROM_EMAIL = env("PORTAL_FROM_EMAIL", "Partner portal <portal@localhost>")
MAILERS: dict[str, dict] = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
if mail.hostname:
    MAILERS["default"] = {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": mail.hostname,
            "port": mail.port or 587,
            "username": unquote(mail.username or ""),
            "password": unquote(mail.password or ""),
            "use_ssl": mail.scheme == "smtps",
            "use_tls": mail.scheme == "smtp" and bool(mail.username),
            "timeout": 10,
        },
    }
# A mail server takes its time: nobody waits for it, and nobody can tell from the wait whom we know.
MAIL_IN_BACKGROUND = bool(mail.hostname)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "introw.log_lines.Line", "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": env("PORTAL_LOG_LEVEL", "INFO"), "handlers": ["stderr"]},
}
