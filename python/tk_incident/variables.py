"""What of the host's environment support asks for: values by a list, presence by another.

The agent knows the same lists (crates/agent/src/facts.rs, kept equal by a test) and takes nothing
else, whatever is sent. Of what may hold a token, a password or a licence server, only that it is
set leaves this process.
"""

VALUES = (
    "TK_DEBUG",
    "SHOTGUN_HOME",
    "SHOTGUN_BUNDLE_CACHE_PATH",
    "SHOTGUN_BUNDLE_CACHE_FALLBACK_PATHS",
    "TK_BOOTSTRAP_CONFIG_OVERRIDE",
    "SHOTGUN_DESKTOP_CONFIG_FALLBACK_DESCRIPTOR",
    "SHOTGUN_API_CACERTS",
    "SHOTGUN_DISABLE_APPSTORE_ACCESS",
    "SGTK_PREFERENCES_LOCATION",
    "SGTK_DESKTOP_CONFIG_LOCATION",
    "SHOTGUN_ENGINE",
    "SGTK_ENGINE",
    "TANK_ENGINE",
    "SHOTGUN_SITE",
    "SHOTGUN_ENTITY_TYPE",
    "SHOTGUN_ENTITY_ID",
    "TANK_CURRENT_PC",
    "SGTK_FILE_TO_OPEN",
    "SHOTGUN_SKIP_QTWEBENGINEWIDGETS_IMPORT",
    "PYTHONHOME",
    "PYTHONPATH",
    "MAYA_LOCATION",
    "MAYA_APP_DIR",
    "MAYA_MODULE_PATH",
    "MAYA_SCRIPT_PATH",
    "MAYA_PLUG_IN_PATH",
    "NUKE_PATH",
    "HFS",
    "HOUDINI_PATH",
    "HOUDINI_USER_PREF_DIR",
    "OCIO",
    "REZ_USED_REQUEST",
    "QT_PLUGIN_PATH",
    "QT_API",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_SESSION_TYPE",
    "XDG_CURRENT_DESKTOP",
    "SESSIONNAME",
    "PROCESSOR_IDENTIFIER",
    "NUMBER_OF_PROCESSORS",
)

PRESENCE = (
    "TANK_CONTEXT",
    "SGTK_CONTEXT",
    "SHOTGUN_DESKTOP_CURRENT_USER",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ADSKFLEX_LICENSE_FILE",
    "foundry_LICENSE",
    "RLM_LICENSE",
    "SESI_LMHOST",
    "peregrinel_LICENSE",
    "SSL_CERT_FILE",
)


def listed(environ):
    # type: (dict) -> dict
    """Return the listed variables of `environ` that are set."""
    found = {name: environ[name] for name in VALUES if name in environ}
    found.update({name: "set" for name in PRESENCE if name in environ})
    return found
