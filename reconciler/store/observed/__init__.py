"""What the database holds, read as the values that a plan compares."""
