"""The app's settings of `info.yml`, in the agent's names. Checking values is the agent's work."""


def agent_settings(setting, detect=None):
    # type: (object, dict) -> dict
    """Return the settings to send: only those an admin has set, so that the agent's own file and
    defaults hold for the rest.

    :param setting: called with a name of `info.yml`, returns its value.
    :param detect: what the studio's filter says, as `Hooks.detect_settings` returns it.
    """
    settings = {}
    if setting("ticket_project_id"):
        settings["site.project_id"] = setting("ticket_project_id")
    if setting("site_url"):
        settings["site.url"] = setting("site_url")
    if setting("log_patterns"):
        settings["watch.patterns"] = list(setting("log_patterns"))
    settings.update(detect or {})
    extra = dict(setting("extra_settings") or {})
    rules = extra.get("detect.rules")
    if isinstance(rules, list):
        # The first rule that matches decides: both lists hold, the filter's first.
        extra["detect.rules"] = settings.get("detect.rules", []) + rules
    settings.update(extra)
    return settings
