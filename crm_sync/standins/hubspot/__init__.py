"""A HubSpot account with companies and contacts: HubSpot's wire format, signed webhooks, one small page."""
