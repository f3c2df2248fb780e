"""The Toolkit app: the door between a host and the incident agent.

Tells the agent, outside the host's process, which session runs here. Finding, grouping and
filing incidents is the agent's work, and so is every talk with the site: nothing here asks the
site anything, blocks the host or raises into it.
"""

import functools
import re
import sys

import sgtk

OLDEST_PYTHON = (3, 7)


def never_raises(method):
    """Keep every exception of `method` away from Toolkit, which would log it as an incident of ours.

    An exception out of `init_app` drops the app with a record at the highest levels; one out of
    `destroy_app` leaves the engine half destroyed, so that it cannot restart.
    """

    @functools.wraps(method)
    def guarded(self, *args, **kwargs):
        try:
            return method(self, *args, **kwargs)
        except Exception as reason:  # the door is allowed to stay shut, never to fall
            try:
                self.logger.debug(
                    "The incident agent was not told: %s", harmless(reason)
                )
            except Exception:
                pass  # a broken log handler of the host is not ours to report
            return None

    return guarded


def harmless(reason):
    """One line about an exception, without the words the agent (or a studio's rules) looks for."""
    line = " ".join(("%s: %s" % (type(reason).__name__, reason)).split())
    return re.sub("ERROR|CRITICAL|Traceback", lambda word: word.group().lower(), line)


class IncidentReporter(sgtk.platform.Application):
    """Attaches this session to the incident agent and detaches it again."""

    # Set on the class, so that a session whose `init_app` failed still has them.
    _payload = None
    _session = None
    _commands = None

    @property
    def context_change_allowed(self):
        """True: the same object lives on and sends the new context. Otherwise Toolkit would
        forget it without `destroy_app`."""
        return True

    @never_raises
    def init_app(self):
        """Load the payload and fill the menu. Talking waits for `post_engine_init`, when all apps are known."""
        if sys.version_info[:2] < OLDEST_PYTHON:
            # This file alone is one that such a Python can read.
            self.logger.warning(
                "The incident agent is told nothing of this session: the app needs Python %d.%d or later, and this host "
                "has %d.%d. An agent that runs follows its log all the same." % (OLDEST_PYTHON + tuple(sys.version_info[:2]))
            )
            return
        self._payload = self.import_module("tk_incident")
        self._session = self._payload.Session(self, sgtk)
        self._commands = self._payload.Commands(
            self, self._session, self._guard, self._qt
        )
        self._commands.register()

    @never_raises
    def post_engine_init(self):
        """Attach. Toolkit also calls this after each context change."""
        if self._session is not None:
            self._session.attach()
            self._payload.late_version.ask_again(
                self._session, self._guard, self._qt()
            )

    @never_raises
    def post_context_change(self, old_context, new_context):
        """Attach again, so that the agent knows the new shot or task."""
        if self._session is not None:
            self._session.attach()

    @never_raises
    def destroy_app(self):
        """Tell the agent that this session ends. The agent lives on: it may serve others."""
        session, self._session = self._session, None
        commands, self._commands = self._commands, None
        if session is not None:
            session.detach()
        if commands is not None:
            commands.close()

    def _guard(self, call):
        """Make a function of `call` that never raises, for menus and slots of Qt."""

        @functools.wraps(call)
        def guarded(*args):
            return self._call(call, *args)

        return guarded

    @never_raises
    def _call(self, call, *args):
        return call(*args)

    def _qt(self):
        """`(QtCore, QtGui)` as the engine has them; None where nothing can be shown."""
        if not self.engine.has_ui:
            return None
        try:
            from sgtk.platform.qt import QtCore, QtGui

            return (QtCore, QtGui) if QtGui.QApplication.instance() else None
        except Exception:  # no Qt, or a stand-in of core that raises
            return None
