"""One run of an engine: what is sent about it, and when.

Gathers on the caller's thread what only the host can tell (memory only, a few milliseconds) and
leaves the rest to the door's thread. Knows no Qt, no site and no Toolkit but what it is handed.
"""

import datetime
import os
import time

from . import at_login, channel, child, facts, process, program, settings, site
from .capture import Capture, wanted
from .door import Door
from .errors import IncidentError
from .hooks import Hooks
from .listener import Listener
from .place import Place

VERSION = 1

# The agent passes over a word that was sent so much earlier than the one before: words cross on their way.
_CROSSING_MS = 60 * 1000

# An agent that was started for a question is up within this time, also from a cold disk.
START_S = 20
_ASK_S = 10


class Session(object):
    """The session the app object `app` lives in. Made in `init_app`, gone after `destroy_app`.

    :param sgtk: the Toolkit API.
    """

    def __init__(self, app, sgtk):
        self._app = app
        self._sgtk = sgtk
        # With microseconds: a restart within a second is another session of the same PID.
        now = datetime.datetime.now(datetime.timezone.utc)
        self._who = {
            "pid": os.getpid(),
            "started": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        # Taken now: after `destroy_app` the engine may not be asked any more.
        self._program_path = app.get_setting("program_path")
        self._bundle_folder = app.disk_location
        self._starts_at_login = app.get_setting("start_at_login")
        self._hooks = Hooks(app)
        self._program = None
        self._place = None
        # The last state that was told, and when.
        self._told = None
        self._sent_ms = 0
        self._is_over = False
        self._capture = None
        note = app.logger.debug
        self._door = Door(self._deliver, app.logger.warning, note)
        self._listener = Listener(
            self._who, self._door.again, self._door.gone, self._renewed, note
        )
        process.take_over(self)

    def attach(self):
        # type: () -> None
        """Tell the agent the state of this session; start one if none runs. Returns at once."""
        if self._is_over:
            return  # an app object that Toolkit has forgotten and something else still calls
        app = self._app
        log_manager = self._sgtk.LogManager()
        where = self._site()
        message = {
            "v": VERSION,
            "type": "attach",
            "site": where,
            "log_folder": log_manager.log_folder,
            "app": facts.app_facts(app),
            "settings": settings.agent_settings(
                app.get_setting, self._hooks.detect_settings()
            ),
            "session": dict(
                facts.session_facts(
                    app,
                    log_manager,
                    where["login"],
                    self._who["started"],
                    site.own_url(
                        self._sgtk.get_authenticated_user(), self._toolkit_url
                    ),
                ),
                extra=self._hooks.extra_facts(),
                hooks_ms=self._hooks.slow_ms(),
            ),
        }
        try:
            message["session"]["capture"] = self._start_capture(log_manager)
        except Exception as reason:  # the logs are followed all the same
            app.logger.debug("Nothing is captured: %s.", type(reason).__name__)
        if self._tell(message):
            app.logger.debug(
                "Telling the incident agent about this session (settings: %s).",
                ", ".join(sorted(message["settings"])) or "none",
            )

    def detach(self):
        # type: () -> None
        """Tell the agent that this session ends. Returns at once; an agent that is gone is fine."""
        if self._is_over:
            return
        self._is_over = True
        process.leave(self)
        if self._capture is not None:
            self._capture.stop()
        self._listener.stop()
        self._door.detach(dict(self._who, v=VERSION, type="detach"))

    def facts(self):
        # type: () -> dict
        """The facts that were told last, as in an attach message."""
        return self._told["session"]

    def is_over(self):
        # type: () -> bool
        """Whether the session has ended, or another app object speaks for this process."""
        return self._is_over

    def ask(self, request):
        # type: (dict) -> dict
        """Return the agent's answer; start an agent for it if none runs. Waits: on threads of ours only.

        Raises an `IncidentError` when there is no answer, or none that says `ok`.
        """
        until = time.monotonic() + START_S
        is_called = False
        while True:
            try:
                if self._place is None:
                    raise channel.NobodyThere("it is not there yet")
                answer = channel.ask(self._place, request, _ASK_S)
                if answer.get("code") != "stopping":
                    break
            except channel.NobodyThere:
                if self._is_over or time.monotonic() > until:
                    raise
            if not is_called:
                is_called = True
                self._door.again()
            time.sleep(0.1)
        if answer.get("ok") is False:
            raise IncidentError(
                "the incident agent has refused: %s" % answer.get("error")
            )
        return answer

    def _start_capture(self, log_manager):
        """Begin to capture, once in a session. Returns whether anything is captured."""
        if self._capture is None:
            app, choice = self._app, self._app.get_setting("direct_capture")
            wants = wanted(choice, app.engine.name, app.context.project is not None)
            self._capture = Capture(
                wants,
                self._who,
                log_manager,
                engine_logger=app.engine.logger.name,
                own_name=app.instance_name,
                every_uncaught=choice == "on",
            )
            self._capture.start()
        return self._capture.is_on

    def _tell(self, message):
        self._told = message
        return self._door.attach(message)

    def _site(self):
        return site.site_facts(
            self._sgtk.get_authenticated_user(),
            self._sgtk.authentication.serialize_user,
            self._toolkit_url,
            self._app.get_setting("site_url"),
        )

    def _toolkit_url(self):
        return self._app.sgtk.shotgun_url

    def _renewed(self):
        """On the listener's thread: who is signed in now. Desktop tells no app when that is another person."""
        where, told = self._site(), self._told
        if told is not None and where["login"] != told["site"]["login"]:
            self._tell(
                dict(
                    told,
                    site=where,
                    session=dict(told["session"], login=where["login"]),
                )
            )
        return where

    def _start_at_login(self, environ):
        try:
            at_login.ask_once(self._program, environ)
            self._starts_at_login = False
        except Exception as reason:  # the session was told all the same
            self._app.logger.debug("No entry for the login: %s", reason)

    def _next_sent_ms(self):
        """Now. An agent that is still starting may hear an older word after a newer one; this tells them apart, also
        when the clock was set back a little between them."""
        now_ms = int(time.time() * 1000)
        if now_ms <= self._sent_ms <= now_ms + _CROSSING_MS:
            now_ms = self._sent_ms + 1
        self._sent_ms = now_ms
        return now_ms

    def _deliver(self, verb, message):
        """On the door's thread."""
        environ = dict(os.environ)
        # Kept: the bundle may be deleted while the host runs, the user's copy is not.
        if self._program is None or not os.path.isfile(self._program):
            self._program = program.find(
                self._program_path, self._bundle_folder, environ
            )
        message = dict(message, sent_ms=self._next_sent_ms())
        answer = child.call(self._program, verb, message, environ)
        if verb == "attach":
            self._place = Place.of(answer)
            self._listener.listen(self._place)
            if self._capture is not None:
                self._capture.reach(self._place)
            if self._starts_at_login:
                self._start_at_login(environ)
