class OwnerMigrates:
    """Only the owner changes the schema; the application role could not, and must not think it did."""

    def allow_migrate(self, db, app_label, **hints):
        return db == "owner"

    def allow_relation(self, first, second, **hints):
        return True
