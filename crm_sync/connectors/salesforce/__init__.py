"""Salesforce, spoken to through simple-salesforce. Sessions, tokens, retries and limits stay ours."""
