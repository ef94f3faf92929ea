"""One folder per CRM, all with the same file names. Plain Python: no Django, no database."""
