"""An engine without a host program: a real Toolkit engine as far as apps and logs can tell."""

import sgtk


class StubEngine(sgtk.platform.Engine):
    @property
    def has_ui(self):
        return False

    @property
    def context_change_allowed(self):
        return True

    @property
    def host_info(self):
        return {"name": "Maya", "version": "2026.1"}

    def _define_qt_base(self):
        return {"qt_core": None, "qt_gui": None, "dialog_base": None}

    def _emit_log_message(self, handler, record):
        pass
