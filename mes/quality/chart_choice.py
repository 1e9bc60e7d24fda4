"""Which chart a characteristic has and which run rules judge its checks: chosen by a person, with a reason."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.quality.judging import Sort, charts_for
from mes.quality.models import Characteristic
from mes.quality.spc.run_rules import RULES
from mes.quality.words import TextRefused, words_of

KIND = "characteristic"
MAX_WHY = 200


class ChoiceRefused(TextRefused):
    """Nothing was changed; the text says why and what to do."""


def chart_choose(
    *, characteristic: Characteristic, chart: str, rules: Collection[str], why: str, actor: str, at: datetime, seen: str
) -> bool:
    """Checks from now on are judged on this chart by these rules; those before keep their verdict. True if changed.

    `seen`: what the person saw, as `choice_text` gives it; where it is no longer so, ChoiceRefused says it, and so for
    a chart that does not fit and without a reason. What is chosen already changes nothing. Limits belong to a chart:
    on another one they are to be frozen anew.
    """
    chosen = [code for code in RULES if code in set(rules)]
    why = words_of(why, MAX_WHY, _("Say why: who reads the chart later wants to know."), ChoiceRefused)
    with transaction.atomic():
        place = Characteristic.objects.select_for_update(no_key=True, of=("self",)).get(pk=characteristic.pk)
        if chart not in charts_for(Sort(place.kind), place.subgroup_size):
            raise ChoiceRefused(_("This chart does not fit what %s finds: choose one of the list.") % place.code)
        if (place.chart, [code for code in RULES if code in place.rules]) == (chart, chosen):
            return False
        if choice_text(place) != seen:
            raise ChoiceRefused(_("Somebody else changed chart or rules meanwhile: look at the page again."))
        before = {"chart": place.chart, "rules": place.rules}
        place.chart, place.rules = chart, chosen
        place.save(update_fields=["chart", "rules"])
        data = {"before": before, "after": {"chart": chart, "rules": chosen}, "why": why}
        record(actor=actor, at=at, action="chart_choose", kind=KIND, code=place.code, data=data)
        return True


def choice_text(characteristic: Characteristic) -> str:
    """Chart and rules in one text, to notice that somebody else changed them."""
    return f"{characteristic.chart} {','.join(characteristic.rules)}"
