"""Policies and owned time in sentences (pure): what a number was read by, and why an instant has the owner it has."""

from mes.oee.policy import Policy
from mes.oee.timeline import Owned, Owner
from mes.tracking.states import Kind


def policy_words(policy: Policy) -> list[str]:
    """A policy in plain sentences, one for each of its decisions."""
    s = policy.micro_threshold_ms / 1000
    slow = "lost speed (performance)" if policy.micro_class == "six-losses" else "stops (availability)"
    planned = (
        "Planned stops are no loss: they are taken out of the planned busy time (ISO 22400)."
        if policy.denominator == "busy"
        else "Planned stops are a loss of availability, as SMRP reads them."
    )
    rank = ", ".join(claim.replace("_", " ") for claim in policy.precedence)
    said = [
        f"Standstills shorter than {s:g} s count as {slow}."
        if s
        else "There are no micro-stops: every stop is a stop.",
        planned,
        f"Time without an order is {'a loss' if policy.no_order_in_pbt else 'left out of the planned busy time'}.",
        f"Changeovers {'are a loss (OEE)' if policy.changeover_loss == 'oee' else 'are no loss: the headline is NEE'}.",
        f"MTBF is {policy.mtbf_convention}.",
        f"Below {policy.coverage_floor:.0%} of known time a number is greyed.",
        f"An instant belongs to the first of these that claims it: {rank}; to none of them: unknown.",
    ]
    if policy.min_run_ms:
        said.insert(1, f"Runs shorter than {policy.min_run_ms / 1000:g} s inside a stop belong to the stop.")
    if policy.cap_performance:
        said.append("Performance is shown as at most 100 %; stored and added up it is as it is.")
    return said


def why_owned(piece: Owned, policy: Policy) -> str:
    """Why this owner has this stretch, in one sentence."""
    state = piece.state or "no state"
    limit = f"{policy.micro_threshold_ms / 1000:g} s"
    if piece.owner is Owner.RUN:
        said = f"Seen in {state}."
        return (
            f"{said} It ran through a planned stop, so that time is planned busy time (R15)." if piece.planned else said
        )
    if piece.owner is Owner.UNSCHEDULED_RUN:
        return f"Seen in {state} outside the schedule: it counts in TEEP only, until somebody declares overtime (R10)."
    if piece.owner is Owner.MICRO_STOP:
        return f"The whole standstill in {state} was shorter than {limit} (R16)."
    if piece.owner is Owner.NO_ORDER:
        return f"Stood in {state} without an order."
    if piece.owner is Owner.UNKNOWN:
        return "Nothing is known of the machine in this time (R18)."
    return _why_standing(piece, state)


def _why_standing(piece: Owned, state: str) -> str:
    by_klass = {
        "break": f"The calendar has {piece.reason or 'a break'} here.",
        "planned": f"A person gave a planned reason: {piece.reason}.",
        "trial": "A trial order was running: it is left out of every KPI (R36).",
        "overrun": "A planned stop lasted longer than its reason allows (R14).",
        "failure": f"A person called it a failure: {piece.reason}.",
        "unplanned": f"A person gave the reason: {piece.reason}.",
        "changeover": f"A person gave a changeover reason: {piece.reason}."
        if piece.reason
        else f"Changeover: seen in {state} between two orders or in setup (R20).",
    }
    if piece.klass in by_klass:
        return by_klass[piece.klass]
    if piece.kind is Kind.WAITING:
        return f"Waited in {state} for its neighbours (R19); nobody gave a reason."
    return f"Stood in {state}; nobody has given a reason yet."
