"""The database: tables, engine, migrations, observe, apply, claim, settle."""
