"""What Toolkit has in memory about a session, as the `session` part of an attach message.

Called on the host's main thread, because some engines ask the host for its version. Reads only
what is loaded: `context.user`, `context.to_dict()`, `str(context)` and `app.shotgun` go to the
site, and a site call with an expired session asks the artist for a password. Each fact is taken
by itself: one that an engine cannot give becomes None and takes no other with it.
"""

import os
import sys

from . import variables


def session_facts(app, log_manager, login, started, site=None):
    # type: (object, object, str, str, str) -> dict
    """Return the facts of the session `app` runs in.

    :param app: the Toolkit app.
    :param log_manager: `sgtk.LogManager()`.
    :param login: login of the person, or None.
    :param started: when this run of the engine began, RFC 3339 in UTC. With the PID it tells
        two runs in one host apart.
    :param site: address of Toolkit's own site; ids of the context mean something there only.
    """
    return {
        "pid": os.getpid(),
        "started": started,
        "site": site,
        "log_file": _text(lambda: log_manager.log_file),
        "login": login,
        "engine": {
            "name": _text(lambda: app.engine.name),
            "instance": _text(lambda: app.engine.instance_name),
            "version": _text(lambda: app.engine.version),
        },
        "host": _host(app),
        "environment": _text(lambda: app.engine.environment["name"]),
        "context": _context(app),
        "core_version": _text(lambda: app.sgtk.version),
        "configuration": {
            "name": _text(lambda: app.sgtk.configuration_name),
            "id": _fact(lambda: app.sgtk.configuration_id),
            "uri": _text(lambda: app.sgtk.configuration_descriptor.get_uri()),
        },
        "python": sys.version.split()[0],
        "apps": _fact(lambda: {n: a.version for n, a in app.engine.apps.items()}),
        "debug": _fact(lambda: bool(log_manager.global_debug)),
        "variables": _fact(lambda: variables.listed(os.environ)),
    }


def app_facts(app):
    # type: (object) -> dict
    """Return the names and version of our own app. The agent leaves records with the instance
    name as a logger part alone; studios choose that name."""
    return {
        "name": _text(lambda: app.name),
        "instance": _text(lambda: app.instance_name),
        "version": _text(lambda: app.version),
    }


def _host(app):
    """Name and version of the host program. Older Adobe engines answer with a tuple while their
    bridge is not up, engines without it with None."""
    host = _fact(lambda: app.engine.host_info)
    if isinstance(host, dict):
        return {
            "name": _text(lambda: host["name"]),
            "version": _version(lambda: host["version"]),
        }
    return {"name": None, "version": None}


def _version(read):
    """Desktop says "unknown" while its apps start."""
    version = _text(read)
    return None if version == "unknown" else version


def _context(app):
    return {
        "project": _entity(lambda: app.context.project),
        "entity": _entity(lambda: app.context.entity),
        "step": _entity(lambda: app.context.step),
        "task": _entity(lambda: app.context.task),
        # The property `user` asks the site the first time; this is what it keeps afterwards.
        "user": _entity(lambda: app.context._Context__user),
    }


def _entity(read):
    def link():
        entity = read()
        if entity is None:
            return None
        name = entity.get("name")
        return {
            "type": str(entity["type"]),
            "id": int(entity["id"]),
            "name": None if name is None else str(name),
        }

    return _fact(link)


def _fact(read):
    try:
        return read()
    except Exception:
        return None


def _text(read):
    value = _fact(read)
    return None if value is None else _fact(lambda: str(value))
