"""Picks the environment file of a context."""

import sgtk


class PickEnvironment(sgtk.Hook):
    def execute(self, context, **kwargs):
        if context.step or context.task:
            return "shot_step"
        return "project" if context.project else "site"
