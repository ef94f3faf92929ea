from django.apps import AppConfig


class CrmSyncConfig(AppConfig):
    name = "crm_sync"

    def ready(self):
        # Each connects itself: the edit's signal, and the handlers of the queues.
        from crm_sync import inbox, outbox, receivers, tidying  # noqa: F401
