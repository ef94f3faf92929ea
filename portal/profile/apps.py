from django.apps import AppConfig


class ProfileConfig(AppConfig):
    name = "portal.profile"

    def ready(self):
        from portal.profile import news  # noqa: F401  registers its kinds and listens
