"""Core hook for each app, engine and framework: this studio adds nothing."""

import tank


class BundleInit(tank.Hook):
    def execute(self, **kwargs):
        pass
