"""The app's commands in the menu of an engine: "Report a problem..." and "Incident status".

Called on the host's main thread; what waits runs as an errand. Without Qt the answers go to the host's log.
"""

from . import report, words
from .errand import Errand
from .report_window import ReportWindow, StatusWindow

# Three dots as in Toolkit's own menus: some hosts spell menus in the machine's code page.
REPORT = "Report a problem..."
STATUS = "Incident status"

_WITHOUT_WORDS = "Reported from the menu, without a description."


def has_menu(engine, context):
    # type: (object, object) -> bool
    """Whether commands of this engine are shown anywhere. Site-level Desktop keeps them to itself."""
    return bool(engine.has_ui) and not (
        engine.name == "tk-desktop" and context.project is None
    )


class Commands(object):
    """The commands of one app object.

    :param session: the `Session`.
    :param guard: makes a function of one that never raises.
    :param qt: called for `(QtCore, QtGui)`; None without Qt.
    """

    def __init__(self, app, session, guard, qt):
        self._app = app
        self._session = session
        self._guard = guard
        self._qt = qt
        self._windows = {}

    def register(self):
        # type: () -> None
        """Put the commands into the menu. Toolkit takes them only in `init_app`."""
        app = self._app
        if not app.get_setting("report_command"):
            return
        if not has_menu(app.engine, app.context):
            return
        for name, call, short_name, description in (
            (
                REPORT,
                self._report,
                "report_problem",
                "Tell support what went wrong, with the log of this session.",
            ),
            (
                STATUS,
                self._status,
                "incident_status",
                "Show whether problems are reported, and the newest ticket.",
            ),
        ):
            app.engine.register_command(
                name,
                self._guard(call),
                {
                    "type": "context_menu",
                    "short_name": short_name,
                    "description": description,
                },
            )

    def close(self):
        # type: () -> None
        """Close what is open. On the host's main thread."""
        for window in self._windows.values():
            window.close()
        self._windows.clear()

    def _report(self):
        # The agent may be gone, or know less than is known by now.
        self._session.attach()
        self._show(
            REPORT, ReportWindow, self._send, words.reported, words.not_reported
        )

    def _status(self):
        self._session.attach()
        self._show(
            STATUS, StatusWindow, self._ask, words.standing, words.not_standing
        )

    def _show(self, name, window_type, work, tell, tell_failure):
        qt = self._qt()
        if qt is None:
            Errand(work, lambda errand: self._log(errand, tell, tell_failure))
            return
        window = self._windows.get(name)
        # A report that is being written stays; a status is asked for anew.
        if window is None or not window.is_open() or window_type is StatusWindow:
            if window is not None:
                window.close()
            window = window_type(qt, self._guard, work)
            self._windows[name] = window
        window.show()

    def _log(self, errand, tell, tell_failure):
        if errand.failure is None:
            text = tell(errand.result)
        else:
            text = tell_failure(errand.failure)
        self._app.logger.info("%s", words.plain(text))

    def _send(self, comment=_WITHOUT_WORDS):
        return report.file_report(self._session.ask, comment, self._session.facts())

    def _ask(self):
        return self._session.ask({"v": 1, "type": "status"})
