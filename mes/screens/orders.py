"""Orders: the list by line, one order with its runs and its story, typing a new one, cancelling or completing it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from mes.people.access import lines_for, may
from mes.plant.changes import ShiftLocked
from mes.plant.models import Line, WorkCenter
from mes.production.models import Item, Pool, WorkOrder
from mes.production.order_kind import order_kind_set
from mes.production.order_new import order_create
from mes.production.orders import order_cancel
from mes.production.queries import orders_of
from mes.production.refusals import OrderRefused
from mes.production.typed import Unreadable, code_from, due_from, priority_from
from mes.screens.frame import zone_named
from mes.screens.gate import actor_of, demand, line_or_404
from mes.screens.orders_found import order_or_404
from mes.screens.orders_page import needs_in_words, order_context
from mes.screens.quality_confirm import refuse_unseen, reports_context
from mes.screens.typed import quantity_typed
from mes.tracking.order_counts import made_of
from mes.tracking.order_finish import order_finish

PAGE = 50
STATES = [
    ("open", gettext_lazy("Open")),
    *WorkOrder.Status.choices,
    ("all", gettext_lazy("All")),
]


class OrderForm(forms.Form):
    """An order as it is typed. Every field is read as strictly as a file's cell."""

    number = forms.CharField(required=False)
    item = forms.CharField(required=False)
    line = forms.CharField(required=False)
    quantity = forms.CharField(required=False)
    due = forms.CharField(required=False)
    priority = forms.CharField(required=False)
    kind = forms.CharField(required=False)
    over = forms.DecimalField(required=False, min_value=0, max_value=999, max_digits=5, decimal_places=2)
    under = forms.DecimalField(required=False, min_value=0, max_value=100, max_digits=5, decimal_places=2)

    def __init__(self, data: Any, lines: QuerySet[Line]) -> None:
        super().__init__(data)
        self.lines = lines

    def clean_number(self) -> str:
        """A code people share."""
        return self._read(code_from, "number")

    def clean_item(self) -> Item:
        """An item by its code."""
        code = self._read(lambda text: code_from(text, _("The item")), "item")
        item = Item.objects.filter(code=code).first()
        if item is None:
            raise forms.ValidationError(_("There is no item %s: choose one from the list.") % code)
        return item

    def clean_line(self) -> Line:
        """One of the person's lines."""
        line = self.lines.filter(code=self.cleaned_data["line"]).first()
        if line is None:
            raise forms.ValidationError(_("Choose the line that makes it."))
        return line

    def clean_quantity(self) -> Decimal:
        """A number above 0."""
        return self._read(quantity_typed, "quantity")

    def clean_priority(self) -> int | None:
        """Empty: the default."""
        return self._read(priority_from, "priority") if self.cleaned_data["priority"].strip() else None

    def clean_kind(self) -> str | None:
        """Empty: production."""
        kind: str = self.cleaned_data["kind"]
        if kind and kind not in WorkOrder.Kind.values:
            raise forms.ValidationError(_("Choose what kind of order it is."))
        return kind or None

    def clean_due(self) -> datetime | None:
        """Wall time of the line's site, so read after the line."""
        line = self.cleaned_data.get("line")
        zone = ZoneInfo(line.area.site.time_zone) if isinstance(line, Line) else ZoneInfo("UTC")
        return self._read(lambda text: due_from(text, zone), "due")

    def _read(self, reader: Any, name: str) -> Any:
        try:
            return reader(self.cleaned_data[name])
        except Unreadable as error:
            raise forms.ValidationError(str(error)) from error


@login_required
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """`/orders/`: orders of the person's lines; `?line=&state=&q=&page=`."""
    lines = list(lines_for(request.user).select_related("area__site").order_by("area__code", "position", "code"))
    line = line_or_404(request.user, request.GET["line"]) if request.GET.get("line") else None
    state = request.GET.get("state", "open")
    if state not in dict(STATES):
        raise Http404("state")
    text = request.GET.get("q", "").replace("\0", "")[:100]
    found = orders_of([line] if line else lines, state=state, text=text)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    made, needs = made_of(page.object_list), needs_in_words(list(page.object_list), datetime.now(UTC))

    def address(**change: Any) -> str:
        values = {"line": line.code if line else "", "state": state, "q": text} | change
        chosen = {key: value for key, value in values.items() if value and (key, value) != ("state", "open")}
        return reverse("orders") + ("?" + urlencode(chosen) if chosen else "")

    context = {
        "rows": [(order, made[order.pk], needs[order.pk]) for order in page.object_list],
        "page": page,
        "states": [{"label": word, "href": address(state=key), "current": key == state} for key, word in STATES],
        "lines": [{"label": one.name, "href": address(line=one.code), "current": one == line} for one in lines],
        "every_line": {"href": address(line=""), "current": line is None},
        "earlier": address(page=page.previous_page_number()) if page.has_previous() else "",
        "later": address(page=page.next_page_number()) if page.has_next() else "",
        "q": text,
        "line": line,
        "machines": _places(line) if line else [],
        "state": state,
        "edit": may(request.user, "edit_orders"),
    }
    return render(request, "orders/orders.html", context)


def _places(line: Line) -> list[tuple[str, str]]:
    """Machines and pools of the line, for the way to their dispatch lists: code and name."""
    machines = WorkCenter.objects.filter(line=line, archived=False).order_by("position", "code")
    pools = Pool.objects.filter(line=line).order_by("code")
    return [*machines.values_list("code", "name"), *pools.values_list("code", "name")]


@login_required
def new_order(request: HttpRequest) -> HttpResponse:
    """`/orders/-/new/`: type an order."""
    demand(request.user, "edit_orders")
    lines = lines_for(request.user).select_related("area__site").order_by("area__code", "position", "code")
    form = OrderForm(request.POST or None, lines)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                order = _create(form, actor_of(request))
                messages.success(request, _("%s is in the queue.") % order.number, extra_tags="good")
                return HttpResponseRedirect(reverse("order", args=[order.number]))
            except OrderRefused as refused:
                form.add_error(refused.field or None, str(refused))
        status = 422
    context = {"form": form, "lines": lines, "items": Item.objects.order_by("code")[:2000]}
    context["kinds"] = WorkOrder.Kind.choices
    return render(request, "orders/new.html", context, status=status)


@login_required
@require_safe
def order(request: HttpRequest, number: str) -> HttpResponse:
    """`/orders/<number>/`: what it needs, what is made of it, every step that may be taken, and its story."""
    found = order_or_404(request, number)
    context = {
        "order": found,
        "zone": zone_named(found.line.area.site.time_zone).key,
        **order_context(request.user, found, datetime.now(UTC)),
        **reports_context(found),
    }
    return render(request, "orders/order.html", context)


@login_required
@require_POST
def set_kind(request: HttpRequest, number: str) -> HttpResponse:
    """`/orders/<number>/kind/`: production, trial or engineering (R36)."""
    demand(request.user, "edit_orders")
    found, actor = order_or_404(request, number), actor_of(request)
    kind, why = request.POST.get("kind", ""), request.POST.get("why", "")
    try:
        if order_kind_set(order=found, kind=kind, why=why, actor=actor, at=datetime.now(UTC)):
            messages.success(request, _("The kind of %s was changed.") % found.number, extra_tags="good")
    except (OrderRefused, ShiftLocked) as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
    return HttpResponseRedirect(reverse("order", args=[found.number]))


@login_required
@require_POST
def close_order(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """Completes or cancels the order; sent twice it happens once."""
    found = order_or_404(request, number)
    demand(request.user, "complete_order" if verb == "complete" else "edit_orders")
    actor, now = actor_of(request), datetime.now(UTC)
    short, note = request.POST.get("short", ""), request.POST.get("note", "")
    try:
        if verb == "complete":
            refuse_unseen(request, found)
            done, said = order_finish(order=found, short=short, note=note, actor=actor, at=now), _("%s is completed.")
        else:
            done = order_cancel(order=found, why=request.POST.get("why", ""), actor=actor, at=now)
            said = _("%s is cancelled.")
        if done:
            messages.success(request, said % found.number, extra_tags="good")
    except (OrderRefused, ShiftLocked) as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(reverse("order", args=[found.number]))


def _create(form: OrderForm, actor: str) -> WorkOrder:
    typed = form.cleaned_data
    return order_create(
        number=typed["number"],
        item=typed["item"],
        line=typed["line"],
        quantity=typed["quantity"],
        due_at=typed["due"],
        priority=typed["priority"],
        source="typed",
        kind=typed["kind"],
        over_percent=typed["over"],
        under_percent=typed["under"],
        actor=actor,
        at=datetime.now(UTC),
    )
