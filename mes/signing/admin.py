"""Signatures to look at; they are given on the pages of what is signed."""

from django.contrib import admin

from mes.journal.admin import ReadOnlyAdmin
from mes.signing.models import Signature


@admin.register(Signature)
class SignatureAdmin(ReadOnlyAdmin):
    """Who signed what."""

    list_display = ("record_kind", "record_code", "meaning", "name", "role", "proof", "at", "content_hash")
    list_filter = ("meaning", "record_kind")
    search_fields = ("record_code", "name", "content_hash")
    ordering = ("-id",)
