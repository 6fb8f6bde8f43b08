"""Commands: one file per command group; parse, call, render."""
