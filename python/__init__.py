"""Loaded by Toolkit's `import_module`, which expects the payload package to be imported here."""

from . import tk_incident  # noqa: F401
