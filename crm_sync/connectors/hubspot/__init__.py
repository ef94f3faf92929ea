"""HubSpot, spoken to through its own client library (API v3)."""
