"""Old months of history, out of the database and into files that are read for years."""
