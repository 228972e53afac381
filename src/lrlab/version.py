"""The version of this package, for every file that writes it down."""

__version__ = "0.1.0"
