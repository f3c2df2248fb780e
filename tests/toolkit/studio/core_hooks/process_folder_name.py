"""Core hook that makes a folder's name out of a value of an entity's field."""

import tank


class ProcessFolderName(tank.Hook):
    def execute(self, entity_type, entity_id, field_name, value, **kwargs):
        text = value["name"] if isinstance(value, dict) else str(value)
        return "".join(
            letter if letter.isalnum() or letter in "_-." else "-" for letter in text
        )
