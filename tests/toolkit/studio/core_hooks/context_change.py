"""Core hook around a change of context: this studio adds nothing."""

import tank


class ContextChange(tank.Hook):
    def pre_context_change(self, current_context, next_context):
        pass

    def post_context_change(self, previous_context, current_context):
        pass
