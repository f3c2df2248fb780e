"""An engine without a host program: a real Toolkit engine as far as apps and logs can tell.

With LIVE_QT set it has a user interface, drawn into memory by Qt; "broken" stands for a host that has one of another kind.
"""

import os
import types

import sgtk

# As the real engines tell it: Desktop's knows no version while its apps start.
HOSTS = {
    "tk-desktop": ("Desktop", "unknown"),
    "tk-maya": ("Maya", "2026.1"),
    "tk-nuke": ("Nuke", "15.1v2"),
    "tk-houdini": ("Houdini", "20.5"),
}


class StubEngine(sgtk.platform.Engine):
    # Desktop learns its own version only after its apps have been initialized.
    host_version = "unknown" if os.environ.get("LIVE_LATE_VERSION") else None

    @property
    def has_ui(self):
        return bool(os.environ.get("LIVE_QT"))

    @property
    def context_change_allowed(self):
        """Where it is not, Toolkit restarts the engine in the new context."""
        return self.get_setting("allow_context_change")

    @property
    def host_info(self):
        name, version = HOSTS.get(self.instance_name, HOSTS["tk-maya"])
        return {"name": name, "version": self.host_version or version}

    def _define_qt_base(self):
        if os.environ.get("LIVE_QT", "broken") in ("", "broken"):
            return {"qt_core": None, "qt_gui": None, "dialog_base": None}
        from PySide6 import QtCore, QtGui, QtWidgets

        # Toolkit's spelling since Qt 4: widgets are in QtGui.
        widgets = types.ModuleType("QtGui")
        for module in (QtGui, QtWidgets):
            for name in dir(module):
                if not name.startswith("_"):
                    setattr(widgets, name, getattr(module, name))
        return {
            "qt_core": QtCore,
            "qt_gui": widgets,
            "dialog_base": QtWidgets.QDialog,
        }

    def _emit_log_message(self, handler, record):
        pass
