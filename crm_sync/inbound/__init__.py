"""From the CRM to the portal."""
