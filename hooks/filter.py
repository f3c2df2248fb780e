"""A studio's filter: which records of the logs become tickets, decided by code where settings do not reach.

Filtering is the agent's work: it reads the logs, also those of hosts without this app and after a host has
crashed, and no code of a host runs there. So this hook does not see each incident. It is asked once per start of
an engine, and answers with rules, which the agent applies to every record.

To use it, copy this file into the configuration's `hooks` folder and set

    hook_filter: "{config}/filter.py"
"""

import sgtk

HookBaseClass = sgtk.get_hook_baseclass()


class Filter(HookBaseClass):
    """Called once when an engine starts."""

    def detect_settings(self):
        """Return a dictionary with `rules`, `ignore`, or both: lists as `detect.rules` and `detect.ignore` take them.

        docs/rules.md tells what a rule can say. An example:

            return {
                "rules": [
                    {
                        "name": "scene validator",
                        "app": "tk-studio-validate",
                        "message": "Validation: ",
                        "action": "ignore",
                    }
                ],
                "ignore": ["default"],
            }

        Rules of this hook come before those of the setting `extra_settings`. A list that is not returned leaves the
        agent's own as it is; one that is returned takes its place, which is why `ignore` names the shipped
        entries by the word `default`. The agent takes settings from the app that starts it: an agent that runs
        already keeps those it has until it is started again. A rule with a mistake keeps an agent from starting, and
        the host's log then holds one warning that says so; `tk-incident config check` tries rules beforehand.

        This runs on the host's main thread, as `extra_facts` does: quick, and without asking the site. An exception costs
        the rules of this hook and nothing else.

        The default is no further rules.
        """
        return {}
