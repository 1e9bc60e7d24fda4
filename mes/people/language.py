"""The language in which a person reads the pages."""

from datetime import datetime

from mes.journal.write import record
from mes.people.models import Person


def language_choose(*, person: Person, language: str, actor: str, at: datetime) -> bool:
    """The person reads `language` from now on; "" is what the browser asks for. False when it was so already."""
    before = person.language
    if not Person.objects.filter(pk=person.pk).exclude(language=language).update(language=language):
        return False
    data = {"before": {"language": before}, "after": {"language": language}}
    record(actor=actor, at=at, action="language_choose", kind="person", code=person.username, data=data)
    return True
