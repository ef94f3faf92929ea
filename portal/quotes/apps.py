from django.apps import AppConfig


class QuotesConfig(AppConfig):
    name = "portal.quotes"

    def ready(self):
        from portal.quotes import asked, news  # noqa: F401  register what rules ask, and kinds of news
