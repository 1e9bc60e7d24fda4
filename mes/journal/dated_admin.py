"""Admin pages of effective-dated records: a change ends the old row and opens a new one."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from mes.journal.admin import JournaledAdmin
from mes.journal.snapshot import snapshot


class DatedAdmin(JournaledAdmin):
    """`effective` names the fields whose change begins a new row; the row that has ended cannot be changed."""

    effective: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """From when a row holds is decided when it is made."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return (*fields, "valid_from") if obj else fields

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new row holds from now on."""
        return {"valid_from": timezone.now(), **super().get_changeform_initial_data(request)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has ended is history."""
        ended = obj is not None and obj.valid_to is not None and obj.valid_to <= timezone.now()
        return not ended and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Saves in place what has not begun; else ends the stored row now and opens a new one."""
        now = timezone.now()
        stored: Any = self.model._default_manager.get(pk=obj.pk) if change else None
        if stored is None or stored.valid_from >= now or not set(self.effective) & set(form.changed_data):
            super().save_model(request, obj, form, change)
            return
        old_end = stored.valid_to
        stored.valid_to = now
        stored.save(update_fields=["valid_to"])
        obj.pk, obj.valid_from = None, now
        if "valid_to" not in form.changed_data:
            obj.valid_to = old_end
        obj._state.adding = True
        super().save_model(request, obj, form, change=False)
        form.before = snapshot(stored)
        self.hint(request, "The change holds from now on; what was before keeps the old values.")
