"""Carriers: one file per carrier; the simulator is the default."""
