"""What may be declared: frozen pydantic models, one file per kind."""
