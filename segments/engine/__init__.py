"""Who is in what: compiled definitions, stored states, and what keeps them in step with properties."""
