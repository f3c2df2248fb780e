"""Core hook for links a studio wants in its contexts: none."""

import tank


class ContextAdditionalEntities(tank.Hook):
    def execute(self, **kwargs):
        return {"entity_types_in_path": [], "entity_fields_on_task": []}
