"""Settings, CRM connections."""
