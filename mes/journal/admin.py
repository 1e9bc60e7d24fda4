"""What all admin pages share: every save leaves a journal entry, events are read-only, big tables stay fast."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import PROTECT, Model, QuerySet
from django.forms import CheckboxInput
from django.forms.models import BaseInlineFormSet, _get_foreign_key
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import cached_property

from mes.journal.history import history_of
from mes.journal.models import JournalEntry
from mes.journal.snapshot import code_of, difference, kind_of_model, snapshot, sorted_snapshots
from mes.journal.write import record

COUNTED_UP_TO = 10_000


class CappedPaginator(Paginator):
    """Counts no further than 10,000 rows: who looks for something older narrows the list by search or filter."""

    @cached_property
    def count(self) -> int:
        """Rows in the list, at most 10,000."""
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED_UP_TO].count())


class Accessible:
    """Every reference is a search box, never a list of a thousand options; every part of a form has a name."""

    model: type[Model]
    admin_site: admin.AdminSite

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Names the two halves of a time, and the fields of a table, which have no label of their own."""
        found = super().formfield_for_dbfield(db_field, request, **options)  # type: ignore[misc]
        name = str(db_field.verbose_name)
        halves = getattr(getattr(found, "widget", None), "widgets", None)
        if halves:
            for half, word in zip(halves, ("date", "time"), strict=False):
                half.attrs["aria-label"] = f"{name} {word}"
        elif found is not None and isinstance(self, admin.TabularInline):
            found.widget.attrs.setdefault("aria-label", name)
        return found

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """All foreign keys and many-to-many fields whose model has admin pages."""
        fields = [*self.model._meta.concrete_fields, *self.model._meta.many_to_many]
        return [field.name for field in fields if field.related_model in self.admin_site._registry]


class NamedDeletion(BaseInlineFormSet):
    """A formset whose boxes for deleting say so."""

    deletion_widget = CheckboxInput(attrs={"aria-label": "Delete"})  # type: ignore[assignment]


class JournaledInline(Accessible, admin.TabularInline):
    """The parts of a record, edited on its page and told to the journal with it."""

    formset = NamedDeletion
    extra = 0


class JournaledAdmin(Accessible, admin.ModelAdmin):
    """Admin pages of a record people edit: each save and deletion leaves one journal entry with before and after."""

    show_full_result_count = False
    list_per_page = 50
    save_on_top = False
    delete_confirmation_template = "admin/kept.html"
    object_history_template = "admin/journal_history.html"

    def kind(self) -> str:
        """The kind of record in the journal."""
        return kind_of_model(self.model)

    def record_code(self, obj: Any) -> str:
        """The code of a record in the journal."""
        return code_of(obj)

    def parts(self, obj: Any) -> dict[str, Any]:
        """What is edited together with the record on its page."""
        told: dict[str, Any] = {}
        for inline in self.inlines:
            name = _get_foreign_key(self.model, inline.model).name
            rows = inline.model._default_manager.filter(**{name: obj})
            told[str(inline.model._meta.verbose_name_plural)] = sorted_snapshots(rows, name)
        return told

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Remembers what is stored, then saves."""
        stored = self.model._default_manager.filter(pk=obj.pk).first() if change else None
        form.before = {**snapshot(stored), **self.parts(stored)} if stored else None
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Saves the parts, then tells the journal what is different now."""
        super().save_related(request, form, formsets, change)
        fresh = self.model._default_manager.get(pk=form.instance.pk)
        after = {**snapshot(fresh), **self.parts(fresh)}
        before = form.before
        if before is None:
            self.tell(request, "create", fresh, {"after": after})
            return
        was, now = difference(before, after)
        if was or now:
            self.tell(request, "change", fresh, {"before": was, "after": now})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Deletes one record."""
        self._delete(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Deletes the selected records, all or none."""
        with transaction.atomic():
            for obj in queryset:
                self._delete(request, obj)

    def _delete(self, request: HttpRequest, obj: Any) -> None:
        self.tell(request, "delete", obj, {"before": {**snapshot(obj), **self.parts(obj)}})
        obj.delete()

    def tell(self, request: HttpRequest, verb: str, obj: Any, data: dict[str, Any]) -> None:
        """Writes a journal entry about a record in the name of the person at the page."""
        record(
            actor=request.user.get_username(),
            at=timezone.now(),
            action=f"{self.kind().replace('-', '_')}_{verb}",
            kind=self.kind(),
            code=self.record_code(obj),
            data=data,
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Says in words what keeps a record, without loading its history; only what nothing keeps can be deleted."""
        kept = [sentence for obj in objs for sentence in self._kept_by(obj)]
        if kept:
            return [], {}, set(), kept
        return super().get_deleted_objects(objs, request)

    def _kept_by(self, obj: Any) -> list[str]:
        uses = []
        for relation in self.model._meta.related_objects:
            if getattr(relation, "on_delete", None) is not PROTECT:
                continue
            rows = relation.related_model._default_manager.filter(**{relation.field.name: obj})
            count = rows.order_by()[: COUNTED_UP_TO + 1].count()
            if count:
                meta = relation.related_model._meta
                number = f"more than {COUNTED_UP_TO}" if count > COUNTED_UP_TO else str(count)
                uses.append(f"{number} {meta.verbose_name if count == 1 else meta.verbose_name_plural}")
        if not uses:
            return []
        archivable = any(field.name == "archived" for field in self.model._meta.concrete_fields)
        remedy = "Archive it instead." if archivable else "Delete or move those first, or leave it."
        noun = self.model._meta.verbose_name
        return [f"The {noun} {self.record_code(obj)} is kept because it is used by {', '.join(uses)}. {remedy}"]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Who changed which field of this record, from the journal."""
        obj = self.get_object(request, object_id)
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {obj}",
            "happenings": history_of(self.kind(), self.record_code(obj)),
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.object_history_template, context)

    def hint(self, request: HttpRequest, text: str) -> None:
        """A sentence below the next page's title."""
        messages.info(request, text)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Admin pages of what happened: to be searched and read, never changed."""

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes events by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes events here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes events here."""
        return False


def one_of(field: str, *words: str) -> type[admin.SimpleListFilter]:
    """A filter with fixed choices: asking a large table for its distinct values would read all of it."""

    class OneOf(admin.SimpleListFilter):
        title = parameter_name = field

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(word, word) for word in words]

        def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
            return queryset.filter(**{field: self.value()}) if self.value() in words else queryset

    return OneOf


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    """The journal: searched by actor, action, kind and code."""

    list_display = ("at", "actor", "action", "kind", "code", "seq")
    search_fields = ("actor__exact", "kind__exact", "code__startswith", "action__startswith")
    ordering = ("-id",)
