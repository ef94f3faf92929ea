"""Which property is which field of the CRM, and the same value in either's form."""
