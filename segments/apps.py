from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "segments"

    def ready(self):
        from segments import clock, first_steps, membership, publishing, receivers  # noqa: F401  they connect and register
