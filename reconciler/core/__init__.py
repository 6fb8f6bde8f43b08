"""What should happen: pure functions over frozen values."""
