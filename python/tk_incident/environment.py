"""What the program gets to see of the host's environment: a short list, nothing else.

Hosts set PYTHONHOME, LD_LIBRARY_PATH, QT_* and more for themselves, which breaks other programs;
Toolkit keeps the session token in TANK_CONTEXT and SHOTGUN_DESKTOP_CURRENT_USER, and the
environment of a running program can be read by others of the same user.
"""

NAMES = frozenset(
    [
        # the user's folders
        "HOME",
        "USERPROFILE",
        "APPDATA",
        "LOCALAPPDATA",
        "TEMP",
        "TMP",
        "TMPDIR",
        # what a program needs to run at all
        "PATH",
        "SYSTEMROOT",
        "LANG",
        # Toolkit writes its log times in the host's zone; the agent has to read them in the same
        "TZ",
        # the way to the site
        "SHOTGUN_HOME",
        "SHOTGUN_API_CACERTS",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
    ]
)

PREFIXES = ("XDG_", "LC_", "TK_INCIDENT_")


def clean(environ):
    # type: (dict) -> dict
    """Return the part of `environ` the program may see. Proxies are also kept in lower case."""
    return {
        name: value
        for name, value in environ.items()
        if name.upper() in NAMES or name.upper().startswith(PREFIXES)
    }
