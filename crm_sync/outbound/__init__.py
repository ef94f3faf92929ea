"""From the portal to the CRM."""
