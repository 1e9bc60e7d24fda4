"""Django's permissions follow from the role of a person; no table of permissions is kept."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from mes.people.access import may

# Which action lets a person add, change and delete records of an app.
EDITED_BY = {
    "plant": "edit_plant",
    "plc": "edit_controllers",
    "production": "edit_items",
    "materials": "edit_items",
    "downtime": "edit_reasons",
    "people": "edit_people",
    "witness": "edit_plant",
    "quality": "edit_check_plans",
    "andon": "edit_plant",
    "guidance": "edit_plant",
    "losses": "edit_costs",
}
# Whoever edits the plant may look at what was recorded of it.
RECORDS = ("tracking", "leases", "journal", "oee", "signing", "analytics", "hourly", "handover", "labour", "erp_sync")


class RoleBackend(ModelBackend):
    """Answers `has_perm("plant.change_line")` from the role table of `access`."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether the role allows a Django permission `<app>.<verb>_<model>`."""
        app, _, verb = perm.partition(".")
        if app in RECORDS:
            return verb.startswith("view_") and may(user_obj, "edit_plant")
        action = EDITED_BY.get(app)
        return may(user_obj, action) if action else False

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether the role allows anything in an app."""
        return self.has_perm(user_obj, f"{app_label}.view_any")
