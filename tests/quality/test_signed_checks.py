"""Checks that need signatures: which are missing, who may give them, and when one no longer holds."""

import pytest

from mes.people.models import Role
from mes.quality.checks import check_withdraw
from mes.quality.models import Check
from mes.quality.signed_checks import check_content, check_sign, missing_of, waiting
from mes.signing.confirm import Confirmed, SigningRefused
from mes.signing.models import Signature
from mes.signing.sign import signatures_of
from tests.production.small_plant import SIX
from tests.quality.conftest import MIN, Laboratory


@pytest.fixture
def signed_plan(laboratory: Laboratory) -> Laboratory:
    """Who weighs signs it, and somebody else looks at it."""
    laboratory.weigh(5, "10.2")  # of before: it needs nothing
    laboratory.weight.signatures = ["performed", "reviewed"]
    laboratory.weight.save()
    laboratory.weigh(10, "10.3")
    return laboratory


def proved(laboratory: Laboratory, name: str) -> Confirmed:
    return Confirmed(laboratory.plant.person(Role.QUALITY, name=name), Signature.Proof.PASSWORD, SIX + 11 * MIN)


def test_a_check_waits_until_all_its_signatures_are_there(signed_plan: Laboratory) -> None:
    machine, now = [signed_plan.plant.packer], SIX + 11 * MIN
    [(check, missing)] = waiting(machine, now)
    assert (check.at, missing) == (SIX + 10 * MIN, ["performed", "reviewed"])
    quinn, sara = proved(signed_plan, "quinn"), proved(signed_plan, "sara")
    with pytest.raises(SigningRefused, match="only they can sign"):
        check_sign(check=check, meaning="performed", confirmed=sara, at=now)
    with pytest.raises(SigningRefused, match="second person"):
        check_sign(check=check, meaning="reviewed", confirmed=quinn, at=now)
    check_sign(check=check, meaning="performed", confirmed=quinn, at=now)
    assert [missing for _check, missing in waiting(machine, now)] == [["reviewed"]]
    check_sign(check=check, meaning="reviewed", confirmed=sara, at=now)
    assert waiting(machine, now) == []


def test_a_check_taken_back_ends_its_signatures_and_waits_for_none(signed_plan: Laboratory) -> None:
    check = Check.objects.latest("at")
    check_sign(check=check, meaning="performed", confirmed=proved(signed_plan, "quinn"), at=SIX + 11 * MIN)
    check_withdraw(key=check.key, why="typed wrong", actor="quinn", at=SIX + 12 * MIN)
    check.refresh_from_db()
    [one] = signatures_of("check", str(check.key), check_content(check))
    assert (one.holds, one.changed) == (False, ("withdrawn",))
    assert missing_of([check]) == {}
    with pytest.raises(SigningRefused, match="taken back"):
        check_sign(check=check, meaning="performed", confirmed=proved(signed_plan, "sara"), at=SIX + 11 * MIN)


def test_a_check_of_a_gauge_is_signed_by_whoever_stands_there(signed_plan: Laboratory) -> None:
    check = Check.objects.latest("at")
    check.actor = "api:gauge-7"
    check.save()
    check_sign(check=check, meaning="performed", confirmed=proved(signed_plan, "sara"), at=SIX + 11 * MIN)
    assert missing_of([check]) == {check.pk: ["reviewed"]}
