"""What a person types to draft a policy, or to put one in force."""

from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.oee.places import POLICIES
from mes.oee.policy import Claim, Policy
from mes.plant.calendar import CalendarError, meant

NAME = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", gettext_lazy("Use letters, digits, '-', '_' and '.', starting with a letter.")
)
OWN = "own"


class DraftForm(forms.Form):
    """Every field of a policy. An empty threshold leaves each machine its own."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=40, validators=[NAME], initial="own")
    micro_stop_s = forms.IntegerField(
        label=gettext_lazy("Micro-stops are shorter than, seconds (empty: each machine's own; 0: none)"),
        min_value=0,
        max_value=86_400,
        required=False,
    )
    micro_class = forms.ChoiceField(
        label=gettext_lazy("Micro-stops are"),
        choices=[
            ("six-losses", gettext_lazy("lost speed (performance)")),
            ("iso", gettext_lazy("stops (availability)")),
        ],
    )
    min_run_s = forms.IntegerField(
        label=gettext_lazy("Runs inside a stop belong to it when shorter than, seconds"), min_value=0, max_value=3600
    )
    changeover_loss = forms.ChoiceField(
        label=gettext_lazy("Changeovers are"),
        choices=[("oee", gettext_lazy("a loss (OEE)")), ("nee", gettext_lazy("no loss (NEE is the headline)"))],
    )
    no_order_in_pbt = forms.ChoiceField(
        label=gettext_lazy("Time without an order is"),
        choices=[("yes", gettext_lazy("a loss")), ("no", gettext_lazy("left out of the planned time"))],
    )
    denominator = forms.ChoiceField(
        label=gettext_lazy("Planned stops are"),
        choices=[
            ("busy", gettext_lazy("no loss (ISO 22400)")),
            ("scheduled", gettext_lazy("a loss of availability (SMRP)")),
        ],
    )
    failure_divisor = forms.ChoiceField(
        label=gettext_lazy("MTBF divides by"),
        choices=[("failures", gettext_lazy("failures")), ("failures+1", gettext_lazy("failures + 1 (ISO 22400)"))],
    )
    coverage_floor = forms.IntegerField(
        label=gettext_lazy("Grey below this share of known time, %"), min_value=0, max_value=100
    )
    cap_performance = forms.ChoiceField(
        label=gettext_lazy("Performance is shown"),
        choices=[("no", gettext_lazy("as it is")), ("yes", gettext_lazy("as at most 100 %"))],
    )
    precedence = forms.CharField(
        label=gettext_lazy("Who owns an instant that several claim, the first first"), max_length=200
    )

    def clean_precedence(self) -> tuple[Claim, ...]:
        """All claims, the first wins: the words separated by commas or blanks."""
        names = self.cleaned_data["precedence"].replace(",", " ").split()
        if sorted(names) != sorted(Claim):
            raise forms.ValidationError(_("Name each of these once: %s.") % ", ".join(Claim))
        return tuple(Claim(name) for name in names)

    def policy(self) -> tuple[Policy, bool]:
        """The drafted policy, and whether machines keep their own thresholds."""
        said = self.cleaned_data
        own = said["micro_stop_s"] is None
        policy = Policy(
            said["name"],
            micro_class=said["micro_class"],
            min_run_ms=said["min_run_s"] * 1000,
            changeover_loss=said["changeover_loss"],
            no_order_in_pbt=said["no_order_in_pbt"] == "yes",
            denominator=said["denominator"],
            failure_divisor=said["failure_divisor"],
            coverage_floor=Decimal(said["coverage_floor"]) / 100,
            cap_performance=said["cap_performance"] == "yes",
            precedence=said["precedence"],
        )
        return (policy if own else replace(policy, micro_threshold_ms=said["micro_stop_s"] * 1000)), own


def initial_of(policy: Policy) -> dict[str, Any]:
    """The fields of a policy as the form shows them; its name stays free for the draft."""
    said = asdict(policy)
    return {
        "name": "own",
        "micro_stop_s": "",
        "micro_class": policy.micro_class,
        "min_run_s": policy.min_run_ms // 1000,
        "changeover_loss": policy.changeover_loss,
        "no_order_in_pbt": "yes" if policy.no_order_in_pbt else "no",
        "denominator": policy.denominator,
        "failure_divisor": policy.failure_divisor,
        "coverage_floor": int(policy.coverage_floor * 100),
        "cap_performance": "yes" if policy.cap_performance else "no",
        "precedence": ", ".join(said["precedence"]),
    }


class AdoptForm(forms.Form):
    """Which policy, from when, and why. `valid_from` is wall time of the plant; empty: from the next full hour."""

    policy = forms.ChoiceField(choices=[(name, name) for name in (*POLICIES, OWN)])
    valid_from = forms.CharField(max_length=30, required=False)
    why = forms.CharField(max_length=200)

    def __init__(self, data: Any, zone: ZoneInfo) -> None:
        super().__init__(data)
        self.zone = zone

    def clean_valid_from(self) -> datetime | None:
        """The instant in UTC; a wall time that the clock change skips or shows twice is refused (R7)."""
        text = self.cleaned_data["valid_from"].strip()
        if not text:
            return None
        try:
            return meant(datetime.fromisoformat(text).replace(tzinfo=None), self.zone)
        except CalendarError as error:
            raise forms.ValidationError(str(error)) from error
        except (ValueError, OverflowError) as error:
            raise forms.ValidationError(_("Write the hour as 2026-11-30 14:00.")) from error
