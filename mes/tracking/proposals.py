"""Pure: proposes from recorded behaviour which tag is counter, state, reason, heartbeat or speed, with the evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from mes.tracking.behaviour import (
    Column,
    Series,
    Together,
    adds_up,
    columns_of,
    rises_within,
    together,
)

ROLES = ("good", "scrap", "total", "state", "reason", "heartbeat", "speed", "epoch")
SURE = 0.5  # below it is shown as an alternative, but nothing is proposed
SHOWN = 0.15
OUTSIDE = 0.8  # a tag that does not belong to the machine's structure
MOST_CODES = 20
ADDS_UP = 0.97
PACKML_RUN = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """A tag for a role: how well it fits (0 to 1), and why in sentences."""

    tag: str
    score: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MachineProposal:
    """What is proposed for one machine: the structure its tags are in, and per role the fitting tags, best first."""

    group: str
    choices: dict[str, tuple[Choice, ...]]
    codes: tuple[int, ...] = ()  # of the proposed state tag
    run_code: int | None = None

    def best(self, role: str) -> Choice | None:
        """The proposed tag of a role; None: no idea."""
        ranked = self.choices.get(role, ())
        return ranked[0] if ranked and ranked[0].score >= SURE else None


@dataclass(slots=True)
class _Case:
    """The tags of one machine while they are judged."""

    columns: list[Column]
    state: Column | None = None
    with_state: Together | None = None
    found: dict[str, list[Choice]] = field(default_factory=dict)

    def add(self, role: str, column: Column, score: float, *evidence: str) -> None:
        self.found.setdefault(role, []).append(Choice(column.tag, round(min(score, 1.0), 3), evidence))


def propose(series: Sequence[Series], ticks: Sequence[float]) -> list[MachineProposal]:
    """One proposal per machine that can be made out, in the order of the series.

    A machine is a structure (or program) whose tags count and say a state; tags outside of any such structure are
    offered to each machine as weaker alternatives. Where no structure is a machine, all tags together are tried as one.
    """
    columns = columns_of(series, ticks)
    groups: dict[str, list[Column]] = {}
    for column in columns:
        groups.setdefault(column.series.group, []).append(column)
    machines = {name: mine for name, mine in groups.items() if name and _is_machine(_judge(name, mine))}
    rest = [column for name, mine in groups.items() if name not in machines for column in mine]
    found = [_with_rest(_judge(name, mine), _judge(name, [*mine, *rest]), rest) for name, mine in machines.items()]
    alone = _judge("", rest)
    if _is_machine(alone) or (not found and rest):
        found.append(alone)
    return found


def _is_machine(proposal: MachineProposal) -> bool:
    return proposal.best("good") is not None and (proposal.best("state") or proposal.best("total")) is not None


def _with_rest(own: MachineProposal, wide: MachineProposal, rest: Sequence[Column]) -> MachineProposal:
    """Its own tags, and behind them what lies outside of its structure."""
    outside = {column.tag for column in rest}
    choices = {}
    for role in ROLES:
        further = [
            replace(choice, score=round(choice.score * OUTSIDE, 3), evidence=(*choice.evidence, _FAR))
            for choice in wide.choices.get(role, ())
            if choice.tag in outside and choice.score * OUTSIDE >= SHOWN
        ]
        choices[role] = tuple(sorted([*own.choices.get(role, ()), *further], key=lambda one: -one.score))
    return replace(own, choices=choices)


_FAR = "It does not belong to the same structure as the others."


def _judge(group: str, columns: Sequence[Column]) -> MachineProposal:
    case = _Case([column for column in columns if column.known])
    _states(case)
    _heartbeats(case)
    _counters(case)
    _reasons(case)
    _speeds(case)
    _epochs(case)
    ranked = {
        role: tuple(sorted((one for one in found if one.score >= SHOWN), key=lambda one: -one.score))
        for role, found in case.found.items()
    }
    codes = () if case.with_state is None else (case.with_state.code, *case.with_state.others)
    run = case.with_state.code if case.with_state else None
    return MachineProposal(group, ranked, tuple(sorted(codes)), run)


def _is_code(column: Column) -> bool:
    """Few values, going up and down: a state or a reason."""
    few = 2 <= len(column.distinct) <= MOST_CODES
    return few and (column.is_bit or (column.is_whole and column.downs > 0))


def _states(case: _Case) -> None:
    """Codes that tell counting from standing still."""
    counting = [column for column in case.columns if column.is_whole and column.rises_only]
    marks = [(counter, counter.active) for counter in counting]
    best_score = 0.0
    for column in case.columns:
        fits = [(fit.fit, counter, fit) for counter, on in marks if _is_code(column) and (fit := together(column, on))]
        if not fits:
            continue
        value, counter, fit = max(fits, key=lambda one: one[0])
        score = max(value, 0.0) * (0.6 if fit.code == 0 else 0.8 if column.is_bit else 1.0)
        others = ", ".join(map(str, fit.others))
        said = [f"{counter.tag} counts while it is {fit.code} and stands while it is {others} ({value:.0%} agreement)."]
        if fit.code == 0:
            said.append("It is 0 while parts are made, which is more usual for a reason code.")
        if column.is_bit:
            said.append("It is a single bit: it can only tell running from not running.")
        if fit.code == PACKML_RUN and all(1 <= code <= 17 for code in (fit.code, *fit.others)):
            said.append("The codes are those of PackML (6 = Execute).")
        case.add("state", column, score, *said)
        if score > max(best_score, SURE):
            best_score, case.state, case.with_state = score, column, fit


def _heartbeats(case: _Case) -> None:
    """What goes on evenly, whatever the machine does."""
    for column in case.columns:
        rate = column.rate_per_s
        if column.is_bit and column.ups + column.downs >= 0.3 * column.known and column.ups >= 5:
            changes = column.ups + column.downs
            said = f"Was another bit in {changes} of {column.known} readings: it may toggle, too fast to be sure."
            case.add("heartbeat", column, 0.3, said)
        if not column.is_whole or rate is None or column.known < 10 or not column.rises_only:
            continue
        share = column.even_share
        moving = (column.ups + column.downs) / column.known
        if share < 0.9 or moving < 0.9:
            continue
        usual = 1.0 if 0.8 <= rate <= 1.25 else 0.6 if 0.4 <= rate <= 2.5 else 0.3
        score = share * moving * usual * (0.8 if _falls_back(column) else 1.0)
        said = f"Rose in {column.ups} of {column.known} readings by {rate:.2f} a second, whatever the machine did."
        case.add("heartbeat", column, score, said, *_fallen(column))


def _falls_back(column: Column) -> bool:
    """Begins again and again below a value that is no binary limit: a batch counter, not a free-running one."""
    if not column.fell_from:
        return False
    top = int(max(column.fell_from)) + 1
    limit = 1 << (top - 1).bit_length()
    return not 0.9 * limit <= top <= limit or limit < 256


def _fallen(column: Column) -> tuple[str, ...]:
    if not column.fell_from:
        return ("It never fell.",)
    return (f"It fell back {column.downs} times, from {int(max(column.fell_from))} at most.",)


def _counters(case: _Case) -> None:
    """What only rises, and only while the machine runs; then which of them is the sum of two others."""
    beats = {one.tag for one in case.found.get("heartbeat", []) if one.score >= SURE}
    scored: list[tuple[float, Column, tuple[str, ...]]] = []
    for column in case.columns:
        if not column.is_whole or not column.rises_only or column.tag in beats:
            continue
        score, why = _counts(case, column)
        scored.append((score * (0.6 if _falls_back(column) else 1.0), column, (why, *_fallen(column))))
    sure = [(score, column, said) for score, column, said in scored if score >= SURE]
    for score, column, said in scored:
        if score < SURE:
            case.add("good", column, score, *said)
    sure.sort(key=lambda one: -one[1].made)
    if not _sum_of_two(case, sure):
        _without_sum(case, sure)


def _counts(case: _Case, column: Column) -> tuple[float, str]:
    rose = f"Rose in {column.ups} of {column.known} readings"
    if case.state is None or case.with_state is None:
        marks = column.active
        stands = sum(mark is False for mark in marks) >= 3
        return (
            0.55 if stands else 0.3
        ), f"{rose}{' and stood still at times' if stands else ' and never stood still'}."
    share, outside = rises_within(column, case.state, case.with_state.code)
    score = max(0.0, (share - 0.85) / 0.15) if outside else 0.5
    few = 0.9 if column.ups < 10 else 1.0
    said = f"{rose}; {share:.0%} of the rises while {case.state.tag} was {case.with_state.code}."
    return (0.3 + 0.7 * score) * few, said


_Scored = tuple[float, Column, tuple[str, ...]]


def _sum_of_two(case: _Case, sure: Sequence[_Scored]) -> bool:
    """Total = good + scrap in (almost) every reading."""
    for whole in sure[:8]:
        others = [one for one in sure[:8] if one is not whole]
        for one, other in combinations(others, 2):
            share = adds_up(whole[1], one[1], other[1])
            if share < ADDS_UP:
                continue
            good, scrap = (one, other) if one[1].made >= other[1].made else (other, one)
            exact = f"{whole[1].tag} rose by what {good[1].tag} and {scrap[1].tag} rose together in {share:.0%}."
            more = f"It rose by {good[1].made:.0f}, {scrap[1].tag} by {scrap[1].made:.0f}: most parts are usually good."
            case.add("total", whole[1], whole[0], *whole[2], exact)
            case.add("good", good[1], good[0], *good[2], exact, more)
            case.add("scrap", scrap[1], scrap[0], *scrap[2], exact)
            case.add("good", whole[1], 0.4 * whole[0], *whole[2], exact)
            case.add("scrap", good[1], 0.3 * good[0], *good[2], exact)
            for score, column, said in sure:
                if column not in (whole[1], good[1], scrap[1]):
                    case.add("good", column, 0.5 * score, *said)
            return True
    return False


def _without_sum(case: _Case, sure: Sequence[_Scored]) -> None:
    """No three that add up: the busiest counts good parts, one that rises much less counts scrap."""
    if not sure:
        return
    score, first, said = sure[0]
    twins = [one for one in sure[1:] if one[1].rose == first.rose]
    if twins:
        names = ", ".join(one[1].tag for one in twins)
        why = f"{names} moved exactly like it: one counts all parts, the other the good ones, and nothing was scrapped."
        for role in ("good", "total"):
            for one in (sure[0], *twins):
                case.add(
                    role, one[1], 0.8 * one[0] if (one is sure[0]) == (role == "good") else 0.6 * one[0], *said, why
                )
    else:
        case.add("good", first, score, *said, "No other counter rises faster.")
        case.add("total", first, 0.45 * score, *said, "It may as well count all parts.")
    for score, column, said in sure[1:]:
        if column.made <= 0.5 * first.made:
            case.add("scrap", column, 0.8 * score, *said, f"It rises much less than {first.tag}.")
        elif column.rose != first.rose:
            case.add("good", column, 0.6 * score, *said)


def _reasons(case: _Case) -> None:
    """0 while the machine runs, a code while it does not."""
    if case.state is None or case.with_state is None:
        return
    run = case.with_state.code
    for column in case.columns:
        if column is case.state or not column.is_whole or column.rises_only or len(column.distinct) < 2:
            continue
        pairs = [
            (s, v) for s, v in zip(case.state.values, column.values, strict=True) if s is not None and v is not None
        ]
        running = [v for s, v in pairs if s == run]
        stopped = [v for s, v in pairs if s != run]
        if len(running) < 3 or len(stopped) < 3:
            continue
        none = sum(v == 0 for v in running) / len(running)
        some = sum(v != 0 for v in stopped) / len(stopped)
        if none < 0.8:
            continue
        codes = sorted({int(v) for v in stopped if v})
        said = (
            f"0 in {none:.0%} of the readings while {case.state.tag} was {run}, not 0 in {some:.0%} of the others.",
            f"Codes seen: {', '.join(map(str, codes[:12]))}.",
        )
        case.add("reason", column, max(none + some - 1, 0.0), *said)


def _speeds(case: _Case) -> None:
    """A REAL that is 0 exactly while nothing is made."""
    if case.state is None or case.with_state is None:
        return
    run = case.with_state.code
    for column in case.columns:
        if column.is_whole or column.is_bit:
            continue
        pairs = [
            (s, v) for s, v in zip(case.state.values, column.values, strict=True) if s is not None and v is not None
        ]
        running = [v for s, v in pairs if s == run]
        stopped = [v for s, v in pairs if s != run]
        if len(running) < 3 or len(stopped) < 3:
            continue
        goes = sum(v > 0 for v in running) / len(running)
        stands = sum(v == 0 for v in stopped) / len(stopped)
        said = (
            f"Above 0 in {goes:.0%} of the readings while {case.state.tag} was {run}, 0 in {stands:.0%} of the others."
        )
        case.add("speed", column, max(goes + stands - 1, 0.0), said)


def _epochs(case: _Case) -> None:
    """Grew by one exactly when counters began anew."""
    counters = [column for column in case.columns if column.is_whole and column.rises_only]
    for column in case.columns:
        if not column.is_whole or not 1 <= column.ups <= 5 or column.downs:
            continue
        steps = [at for at, rise in enumerate(column.rose) if rise == 1]
        fell = [at for at in steps if sum(_fell(one, at) for one in counters) >= 2]
        if fell and len(fell) == column.ups:
            said = f"Grew by 1 each of the {len(fell)} times when counters began anew."
            case.add("epoch", column, 0.9, said)


def _fell(column: Column, at: int) -> bool:
    before, after = column.values[at], column.values[at + 1]
    return before is not None and after is not None and after < before
