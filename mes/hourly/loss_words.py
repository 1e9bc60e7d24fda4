"""Losses in words, on pages and in e-mails."""

from django.utils.translation import gettext as _

from mes.hourly.top_loss import MICRO, NO_DATA, NO_REASON, SETUP, WAITING


def loss_word(reason: str) -> str:
    """A loss in words: its reason, or what stands for one."""
    words = {
        NO_REASON: _("stop without a reason"),
        SETUP: _("setup"),
        WAITING: _("waited for others"),
        MICRO: _("micro-stops"),
        NO_DATA: _("no data"),
    }
    return words.get(reason, reason)
