from django.apps import AppConfig


class ExperiencesConfig(AppConfig):
    name = "portal.experiences"

    def ready(self):
        from django.contrib.sessions.models import Session
        from django.db.models.signals import post_delete

        from portal.experiences import asked, first_steps, openings  # noqa: F401  they register
        from portal.experiences.live.news import tell_session

        post_delete.connect(tell_session, sender=Session, dispatch_uid="live.session")
