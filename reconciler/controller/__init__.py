"""The loops: the reconcile loop and the dialer step."""
