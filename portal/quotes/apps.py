from django.apps import AppConfig


class QuotesConfig(AppConfig):
    name = "portal.quotes"

    def ready(self):
        from portal.quotes import news  # noqa: F401  registers its kinds
