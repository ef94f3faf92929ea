"""A Salesforce organisation with accounts and contacts: its REST API, Outbound Messages, one small page."""
