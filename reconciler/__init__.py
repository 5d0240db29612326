"""Declares the API clients of many Domo instances, plans the difference, and applies it."""

__version__ = "0.1.0"
