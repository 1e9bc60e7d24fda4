"""Admin pages of people and API keys. Neither a password nor a key is ever shown, but for a new key, once."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mes.journal.admin import JournaledAdmin
from mes.people.keys import SCOPES, api_key_revoke, key_make
from mes.people.models import ApiKey, Person

admin.site.unregister(Group)  # roles take their place


class PersonForm(forms.ModelForm):
    """A person without any field for the password."""

    class Meta:
        model = Person
        fields = ("username", "first_name", "last_name", "email", "role", "all_lines", "lines", "is_active")


@admin.register(Person)
class PersonAdmin(JournaledAdmin, UserAdmin):
    """People with role and lines."""

    form = PersonForm
    list_display = ("username", "first_name", "last_name", "role", "all_lines", "is_active", "last_login")
    list_filter = ("role", "is_active", "all_lines", "lines")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("password_state", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password_state")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("What they do", {"fields": ("role", "all_lines", "lines", "is_active")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("username", "role", "usable_password", "password1", "password2")},
        ),
    )

    @admin.display(description="password")
    def password_state(self, person: Person) -> SafeString:
        """Whether there is a password, and where to set another."""
        state = "Set." if person.has_usable_password() else "None: this person cannot log in yet."
        link = reverse("admin:auth_user_password_change", args=[person.pk])
        return format_html('{} <a href="{}">Set a new password</a>', state, link)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """A new password is told to the journal as such; other changes are told when they are saved."""
        match = request.resolver_match
        if match and match.url_name == "auth_user_password_change":
            self.tell(request, "set_password", obj, {})
        return super().log_change(request, obj, message)


class ApiKeyForm(forms.ModelForm):
    """Scopes as boxes."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES], widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = ("name", "owner", "scopes", "lines", "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(JournaledAdmin):
    """API keys: made, shown once, revoked."""

    form = ApiKeyForm
    list_display = ("name", "owner", "scopes", "created_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    readonly_fields = ("created_at", "revoked_at")
    actions = ("revoke",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A key is revoked, never deleted: what it did stays traceable."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Makes the key of a new row and shows it this one time."""
        if not change:
            raw, obj.key_hash = key_make()
            text = "This is the key of {}. Copy it now, it is never shown again: {}"
            messages.warning(request, text.format(obj.name, raw))
        super().save_model(request, obj, form, change)

    @admin.action(description="Revoke selected API keys")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Ends the selected keys from now on."""
        actor, at = request.user.get_username(), timezone.now()
        ended = sum(api_key_revoke(key=key, actor=actor, at=at) for key in queryset)
        messages.success(request, f"{ended} of {len(queryset)} selected keys were revoked now.")
