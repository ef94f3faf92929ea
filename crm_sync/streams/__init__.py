"""Lines on which a CRM tells of its changes by itself, kept open by `manage.py listener`: Change Data Capture."""
