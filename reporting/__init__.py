"""Reporting: receives declared returns from ministries and provinces, and consolidates them."""

__version__ = "0.1.0"
