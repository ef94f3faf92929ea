from django.apps import AppConfig


class DealsConfig(AppConfig):
    name = "portal.deals"

    def ready(self):
        # Register the levels of properties, what rules ask, and kinds of news; and listen.
        from portal.deals import asked, levels, news, receivers  # noqa: F401
