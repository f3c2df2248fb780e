"""Facts of a studio's own about a session, for its tickets.

To use it, copy this file into the configuration's `hooks` folder, set

    hook_extra_facts: "{config}/extra_facts.py"

and return what support wants to know, for example the version of a farm client or the name of a sequence.
"""

import sgtk

HookBaseClass = sgtk.get_hook_baseclass()


class ExtraFacts(HookBaseClass):
    """Called when an engine starts and when its context changes."""

    def extra_facts(self):
        """Return a dictionary of names to texts, numbers or truth values. They are on every ticket of this session.

        This runs on the host's main thread, so it must be quick: read what is in memory, the environment or
        a small local file. Never ask the site (`self.parent.shotgun`, `self.parent.context.user`): with a session that is
        over, Toolkit would ask the artist for a password. What it took is told to the agent, and shown by
        `tk-incident status` when it was slow. An exception costs the facts and nothing else.

        At most 50 facts are taken, of 500 characters each. Secrets are taken out as they are everywhere; what may not
        leave the workstation for other reasons must not be returned.

        The default is no further facts.
        """
        return {}
