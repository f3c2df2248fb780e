"""One run of an engine: what is sent about it, and when.

Gathers on the caller's thread what only the host can tell (memory only, a few milliseconds) and
leaves the rest to the door's thread. Knows no Qt, no site and no Toolkit but what it is handed.
"""

import datetime
import os
import time

from . import child, facts, program, settings, site
from .door import Door

VERSION = 1


class Session(object):
    """The session the app object `app` lives in. Made in `init_app`, gone after `destroy_app`."""

    def __init__(self, app):
        self._app = app
        # With microseconds: a restart within a second is another session of the same PID.
        now = datetime.datetime.now(datetime.timezone.utc)
        self._started = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        # Taken now: after `destroy_app` the engine may not be asked any more.
        self._program_path = app.get_setting("program_path")
        self._bundle_folder = app.disk_location
        self._program = None
        self._door = Door(self._deliver, app.logger.warning, app.logger.debug)

    def attach(self, user, log_manager, serialize):
        # type: (object, object, object) -> None
        """Tell the agent the state of this session; start one if none runs. Returns at once.

        :param user: `sgtk.get_authenticated_user()`.
        :param log_manager: `sgtk.LogManager()`.
        :param serialize: `sgtk.authentication.serialize_user`.
        """
        app = self._app

        def toolkit_url():
            return app.sgtk.shotgun_url

        where = site.site_facts(
            user, serialize, toolkit_url, app.get_setting("site_url")
        )
        message = {
            "v": VERSION,
            "type": "attach",
            "site": where,
            "log_folder": log_manager.log_folder,
            "app": facts.app_facts(app),
            "settings": settings.agent_settings(app.get_setting),
            "session": facts.session_facts(
                app,
                log_manager,
                where["login"],
                self._started,
                site.own_url(user, toolkit_url),
            ),
        }
        if self._door.attach(message):
            app.logger.debug(
                "Telling the incident agent about this session (settings: %s).",
                ", ".join(sorted(message["settings"])) or "none",
            )

    def detach(self):
        # type: () -> None
        """Tell the agent that this session ends. Returns at once; an agent that is gone is fine."""
        self._door.detach(
            {
                "v": VERSION,
                "type": "detach",
                "pid": os.getpid(),
                "started": self._started,
            }
        )

    def _deliver(self, verb, message):
        """On the door's thread."""
        environ = dict(os.environ)
        # Kept: the bundle may be deleted while the host runs, the user's copy is not.
        if self._program is None or not os.path.isfile(self._program):
            self._program = program.find(
                self._program_path, self._bundle_folder, environ
            )
        # An agent that is still starting may hear an older word after a newer one; this tells them apart.
        message = dict(message, sent_ms=int(time.time() * 1000))
        child.call(self._program, verb, message, environ)
