"""The rules that explain stops: what each would have done in the last week, and its switch."""

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.downtime.actions import StopRefused
from mes.downtime.models import StopRule
from mes.downtime.ruling import rules_preview, stop_rule_switch
from mes.people.access import work_centers_for
from mes.screens.gate import actor_of, demand, storable


@login_required
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """`/downtime/rules/`: the rules in their order, each with what it would have done with the person's stops."""
    demand(request.user, "edit_reasons")
    previews = rules_preview(work_centers_for(request.user), now=datetime.now(UTC))
    context = {"rules": [(preview, conditions(preview.rule)) for preview in previews]}
    return render(request, "downtime/rules.html", context)


@login_required
@require_POST
def switch(request: HttpRequest, code: str) -> HttpResponse:
    """Switches a rule on or off, once however often it is sent."""
    demand(request.user, "edit_reasons")
    rule = StopRule.objects.select_related("reason").filter(code=storable(code)).first()
    if rule is None:
        raise Http404(code)
    on = request.POST.get("to") == "on"
    try:
        if stop_rule_switch(rule=rule, on=on, actor=actor_of(request), at=datetime.now(UTC)):
            said = _("'%(rule)s' explains stops from now on.") if on else _("'%(rule)s' is switched off.")
            messages.success(request, said % {"rule": rule.name}, extra_tags="good")
    except StopRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(reverse("stop-rules"))


def conditions(rule: StopRule) -> str:
    """When the rule fits, in one line."""
    said = []
    if rule.plc_code is not None:
        said.append(_("PLC code %(code)d") % {"code": rule.plc_code})
    if rule.state:
        said.append(_("state %(state)s") % {"state": rule.state})
    if rule.item:
        said.append(_("while %(item)s is made") % {"item": rule.item.code})
    if rule.weekdays:
        days = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
        said.append(", ".join(days[int(day) - 1] for day in rule.weekdays))
    if rule.from_time and rule.to_time:
        times = {"from": f"{rule.from_time:%H:%M}", "to": f"{rule.to_time:%H:%M}"}
        said.append(_("beginning %(from)s to %(to)s") % times)
    place = rule.work_center or rule.line
    if place:
        said.append(_("on %(place)s") % {"place": place.name})
    return " · ".join(said)
