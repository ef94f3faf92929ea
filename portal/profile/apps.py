from django.apps import AppConfig


class ProfileConfig(AppConfig):
    name = "portal.profile"

    def ready(self):
        # News: registers its kinds and listens. Editors: watches over changes of access. Asked: what rules may ask.
        from portal.profile import asked, editors, news  # noqa: F401
