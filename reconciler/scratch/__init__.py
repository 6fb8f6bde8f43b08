"""What one plan needs to remember, outside of memory: a private database that nobody else ever sees."""
