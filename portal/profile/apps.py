from django.apps import AppConfig


class ProfileConfig(AppConfig):
    name = "portal.profile"

    def ready(self):
        # News: registers its kinds and listens. Editors: watches over changes of access.
        from portal.profile import editors, news  # noqa: F401
