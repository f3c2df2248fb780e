"""Core hook for each configuration object: this studio adds nothing."""

import tank


class PipelineConfigurationInit(tank.Hook):
    def execute(self, **kwargs):
        pass
