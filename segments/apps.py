from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "segments"

    def ready(self):
        from segments import activity, first_steps, following, receivers  # noqa: F401  they connect and register
        from segments.engine import recomputing, rosters  # noqa: F401
        from segments.history import departures, trend  # noqa: F401
        from segments.versions import scheduling  # noqa: F401
