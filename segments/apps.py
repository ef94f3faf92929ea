import gc

from django.apps import AppConfig

# Objects that are made before the collector looks for circles among the youngest. A look at a thousand contacts makes
# hundreds of thousands, hardly any in circles: with the usual 2,000 a fifth of its time went into looking.
YOUNG = 50_000


class SegmentsConfig(AppConfig):
    name = "segments"

    def ready(self):
        gc.set_threshold(YOUNG, 20, 10)

        from segments import activity, first_steps, following, receivers  # noqa: F401  they connect and register
        from segments.engine import batches, recomputing, rosters  # noqa: F401
        from segments.history import departures, trend  # noqa: F401
        from segments.versions import scheduling  # noqa: F401
