from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "portal.notifications"

    def ready(self):
        from portal.notifications import colleagues, events, mails, tidying  # noqa: F401  they register
