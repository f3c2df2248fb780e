"""Core hook for a configuration's storage roots: this studio adds nothing."""

import tank


class DefaultStorageRoot(tank.Hook):
    def execute(self, **kwargs):
        pass
