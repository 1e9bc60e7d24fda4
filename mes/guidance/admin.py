"""Admin pages of checklists and work instructions; answers to look at."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from mes.guidance.file_types import LARGEST_BYTES
from mes.guidance.instructions import FileRefused, file_store
from mes.guidance.models import Checklist, ChecklistEntry, Instruction
from mes.journal.admin import JournaledAdmin, ReadOnlyAdmin, one_of


@admin.register(Checklist)
class ChecklistAdmin(JournaledAdmin):
    """Checklists of machines. Other points make another version."""

    list_display = ("code", "name", "kind", "work_center", "item", "version", "archived")
    list_filter = ("archived", "kind")
    list_select_related = ("work_center", "item")
    search_fields = ("code", "name", "work_center__code")
    ordering = ("work_center", "code")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A station that still shows the old points must not answer them as if they were the new ones."""
        if change and "points" in form.changed_data:
            obj.version += 1
        super().save_model(request, obj, form, change)


@admin.register(ChecklistEntry)
class ChecklistEntryAdmin(ReadOnlyAdmin):
    """What was answered."""

    list_display = ("checklist", "version", "by", "at")
    list_filter = (one_of("checklist__kind", *Checklist.Kind.values),)
    list_select_related = ("checklist",)
    search_fields = ("checklist__code", "by__exact")
    ordering = ("-at",)


class InstructionForm(forms.ModelForm):
    """A version with its file; a version that is stored keeps its file."""

    upload = forms.FileField(required=False, help_text="PDF, PNG, JPEG or WebP, at most 10 MB.")

    class Meta:
        model = Instruction
        fields = ("code", "version", "title", "work_center", "item", "valid_from", "archived")

    def clean(self) -> dict[str, Any]:
        """Reads the file and refuses what stations must not show."""
        cleaned = super().clean() or {}
        upload = cleaned.get("upload")
        if not cleaned.get("work_center") and not cleaned.get("item"):
            self.add_error("work_center", "Choose a machine, an item or both.")
        if upload is None:
            if self.instance.pk is None:
                self.add_error("upload", "Choose a file.")
            return cleaned
        if self.instance.pk is not None:
            self.add_error("upload", "A version keeps its file: add a new version with the new file.")
            return cleaned
        try:
            self.instance.file = file_store(upload.read(LARGEST_BYTES + 1))
        except FileRefused as refused:
            self.add_error("upload", str(refused))
        return cleaned


@admin.register(Instruction)
class InstructionAdmin(JournaledAdmin):
    """Work instructions."""

    form = InstructionForm
    list_display = ("code", "version", "title", "work_center", "item", "valid_from", "archived")
    list_filter = ("archived",)
    list_select_related = ("work_center", "item")
    search_fields = ("code", "title", "work_center__code", "item__code")
    ordering = ("code", "-version")
