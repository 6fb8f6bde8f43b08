"""dialctl: GitOps for outbound phone campaigns by voice agents."""

__version__ = "0.1.0"
