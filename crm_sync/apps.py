from django.apps import AppConfig


class CrmSyncConfig(AppConfig):
    name = "crm_sync"

    def ready(self):
        # Each connects itself: the edit's signal, and the handlers of the queues.
        from crm_sync import tidying  # noqa: F401
        from crm_sync.breaker import telling  # noqa: F401
        from crm_sync.inbound import inbox  # noqa: F401
        from crm_sync.mapping import managers  # noqa: F401
        from crm_sync.outbound import outbox, receivers  # noqa: F401
        from crm_sync.sweeps import fields, sweeping  # noqa: F401
