"""Admin pages of people, API keys and stations' terminals. No password, badge or PIN is ever shown; a new key once."""

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
from mes.people.devices import device_revoke
from mes.people.identity import IdentityRefused, badge_set, identity_words, pin_set
from mes.people.keys import SCOPES, api_key_revoke, key_make
from mes.people.models import ApiKey, Person, StationDevice

admin.site.unregister(Group)  # roles take their place


class PersonForm(forms.ModelForm):
    """A person without any field for the password. Badge and PIN can be set here and are not shown again."""

    new_badge = forms.CharField(
        required=False,
        max_length=64,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Scan the badge to give it to this person; leave it empty to keep what is set.",
    )
    new_pin = forms.CharField(
        required=False,
        max_length=8,
        label="New PIN",
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
        help_text="4 to 8 digits; leave it empty to keep what is set.",
    )

    class Meta:
        model = Person
        fields = ("username", "first_name", "last_name", "email", "role", "all_lines", "lines", "language", "is_active")


@admin.register(Person)
class PersonAdmin(JournaledAdmin, UserAdmin):
    """People with role and lines."""

    form = PersonForm
    list_display = ("username", "first_name", "last_name", "role", "all_lines", "is_active", "last_login")
    list_filter = ("role", "is_active", "all_lines", "lines")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("password_state", "at_stations", "last_login", "date_joined")
    actions = ("remove_badge", "remove_pin")
    fieldsets = (
        (None, {"fields": ("username", "password_state")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("What they do", {"fields": ("role", "all_lines", "lines", "language", "is_active")}),
        ("At the stations", {"fields": ("at_stations", "new_badge", "new_pin")}),
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

    @admin.display(description="badge and PIN")
    def at_stations(self, person: Person) -> str:
        """Whether there is a badge and a PIN."""
        return identity_words(person)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Saves the person, then the badge and the PIN that were entered; one that is refused is said and not set."""
        super().save_model(request, obj, form, change)
        who: dict[str, Any] = {"person": obj, "actor": request.user.get_username(), "at": timezone.now()}
        try:
            if form.cleaned_data.get("new_badge"):
                badge_set(badge=form.cleaned_data["new_badge"], **who)
            if form.cleaned_data.get("new_pin"):
                pin_set(pin=form.cleaned_data["new_pin"], **who)
        except IdentityRefused as refused:
            messages.error(request, str(refused))

    @admin.action(description="Take the badge away from selected people", permissions=["change"])
    def remove_badge(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        """From now on their badges open nothing."""
        who: dict[str, Any] = {"actor": request.user.get_username(), "at": timezone.now()}
        taken = sum(badge_set(person=person, badge="", **who) for person in queryset)
        messages.success(request, f"{taken} of {len(queryset)} selected people lost their badge now.")

    @admin.action(description="Take the PIN away from selected people", permissions=["change"])
    def remove_pin(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        """From now on their PINs open nothing."""
        who: dict[str, Any] = {"actor": request.user.get_username(), "at": timezone.now()}
        taken = sum(pin_set(person=person, pin="", **who) for person in queryset)
        messages.success(request, f"{taken} of {len(queryset)} selected people lost their PIN now.")

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


@admin.register(StationDevice)
class StationDeviceAdmin(JournaledAdmin):
    """Terminals that are stations. They are set up at the machine, on the station's own page, and revoked anywhere."""

    list_display = ("name", "work_center", "made_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "work_center__line")
    list_select_related = ("work_center",)
    search_fields = ("name", "work_center__code")
    fields = ("name", "work_center", "account", "made_at", "revoked_at")
    readonly_fields = fields
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A terminal is set up where it stands."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A terminal is revoked, never deleted: what was done there stays traceable."""
        return False

    @admin.action(description="Revoke selected terminals")
    def revoke(self, request: HttpRequest, queryset: QuerySet[StationDevice]) -> None:
        """Ends the selected terminals from now on."""
        actor, at = request.user.get_username(), timezone.now()
        ended = sum(device_revoke(device=device, actor=actor, at=at) for device in queryset)
        messages.success(request, f"{ended} of {len(queryset)} selected terminals were revoked now.")
