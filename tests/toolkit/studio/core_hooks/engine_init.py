"""Core hook for an engine that is ready: this studio adds nothing."""

import tank


class EngineInit(tank.Hook):
    def execute(self, **kwargs):
        pass
