"""Accounts of CRMs: connecting, renewing, pausing, letting go."""
