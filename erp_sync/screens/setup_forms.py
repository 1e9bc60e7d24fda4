"""The forms of a connection's set-up: what it is, how it posts, and rows of a mapping table. No secret is in any."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from erp_sync.connectors import KINDS
from erp_sync.models import ErpConnection
from mes.plant.models import CODE, Site

ROWS_AT_ONCE = 500
_FACTOR = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
_DIGITS = re.compile(r"\d", re.ASCII)


class ConnectionForm(forms.Form):
    """What a connection is called, what it leads to, and how it posts. `code` is only asked for a new one."""

    code = forms.CharField(max_length=40, required=False)
    name = forms.CharField(max_length=120)
    kind = forms.ChoiceField(choices=lambda: [(kind.name, kind.title) for kind in KINDS.values()])
    site = forms.ModelChoiceField(queryset=Site.objects.none(), to_field_name="code")
    address = forms.CharField(max_length=500, required=False)
    options = forms.CharField(max_length=4000, required=False)
    posting = forms.ChoiceField(choices=ErpConnection.Posting.choices, required=False)
    posting_interval_min = forms.IntegerField(min_value=1, max_value=1440, required=False)
    posting_day = forms.ChoiceField(choices=ErpConnection.Day.choices, required=False)
    closed_until = forms.DateField(required=False)
    closed_period = forms.ChoiceField(choices=ErpConnection.Closed.choices, required=False)

    def __init__(self, data: Any, sites: QuerySet[Site], *, new: bool) -> None:
        super().__init__(data)
        self.new = new
        site: Any = self.fields["site"]
        site.queryset = sites

    def clean_code(self) -> str:
        """A code that can stand in an address and name a file; not asked where it exists already."""
        code: str = self.cleaned_data["code"]
        if self.new:
            try:
                CODE(code)
            except ValidationError as error:
                said = _("Give it a short code of letters, digits, '-', '_' and '.', like TRYTON.")
                raise forms.ValidationError(said) from error
        return code

    def clean_options(self) -> dict[str, Any]:
        """One `name = value` a line."""
        return options_from(self.cleaned_data["options"])

    def fields_said(self) -> dict[str, Any]:
        """What `connection_change` takes; what was left empty stays as it is."""
        keep_empty = ("address", "options", "closed_until")
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name != "code" and (value not in ("", None) or name in keep_empty)
        }


def options_text(options: Mapping[str, Any]) -> str:
    """Options as lines of `name = value`; whatever is no plain text is JSON."""
    return "\n".join(f"{name} = {_value_text(value)}" for name, value in sorted(options.items()))


def options_from(text: str) -> dict[str, Any]:
    """The same lines read back. ValidationError names the line that is none."""
    found: dict[str, Any] = {}
    for number, line in enumerate(text.replace("\0", "").splitlines(), start=1):
        if not line.strip():
            continue
        name, sep, value = (part.strip() for part in line.partition("="))
        if not sep or not name or len(name) > 60:
            raise forms.ValidationError(_("Line %d of the options is not of the form: name = value.") % number)
        found[name] = _value_from(value)
    return found


def _value_text(value: Any) -> str:
    if isinstance(value, str) and _value_from(value) == value:
        return value
    return json.dumps(value)


def _value_from(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


class Given(NamedTuple):
    """A filled row of the mapping table. `factor` and `digits` None: left empty. `problem`: why it makes no sense."""

    kind: str
    ext_key: str
    mes_code: str
    factor: Decimal | None
    digits: int | None
    problem: str


def rows_given(data: Mapping[str, str]) -> Iterator[Given]:
    """The rows kind-0, key-0, code-0, factor-0, digits-0 ... of which somebody filled in the code."""
    for number in range(ROWS_AT_ONCE):
        if f"kind-{number}" not in data:
            return
        kind, key, code, factor, digits = (
            data.get(f"{name}-{number}", "").strip() for name in ("kind", "key", "code", "factor", "digits")
        )
        if key and code:
            yield _given(kind, key, code, factor.replace(",", "."), digits)


def _given(kind: str, key: str, code: str, factor: str, digits: str) -> Given:
    if (factor and not _FACTOR.fullmatch(factor)) or (digits and not _DIGITS.fullmatch(digits)):
        said = _("Give a plain number as the factor, like 24 or 0.001, and whole decimals.")
        return Given(kind, key, code, None, None, said)
    return Given(kind, key, code, Decimal(factor) if factor else None, int(digits) if digits else None, "")
