"""Tables and goals of accuracy: ours and each peer by grain, ratios, the worst group of lines, damaged histories."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from mes.config.bench.forecast.commands import PLANLESS, WITH_PLAN
from mes.config.bench.forecast.intervals import Interval, inside, mean_over_lines, ratio
from mes.config.bench.forecast.score import GRAINS, Scored, share_inside
from mes.config.bench.result import Cell, Goal, Table

MASE = {"day": 0.42, "shift": 0.43, "hour": 0.46}
CRPS = {"day": 0.29, "shift": 0.30, "hour": 0.32}
BANDS = {80: (0.76, 0.84), 95: (0.92, 0.985)}
WORST_GROUP = (0.70, 0.90)
LEAST_OF_GROUP = 3  # lines: fewer are no group
PLANLESS_RATIO, WITH_PLAN_RATIO, WITH_PLAN_HIGH = 0.62, 1.00, 1.03
DAMAGE = {"lost": 0.03, "jumped": 0.02}
DAMAGE_TEXT = {"lost": "20 % of hours lost in blocks", "jumped": "2 % of hours counted ten times"}

ByGrain = Mapping[str, Sequence[Scored]]
Scores = Mapping[str, ByGrain]


class Measured(Protocol):
    """What the goals are read from."""

    patterns: dict[str, str]

    @property
    def scores(self) -> Scores: ...

    @property
    def damaged(self) -> Scores: ...


def mase(one: Scored) -> float | None:
    """For means over lines."""
    return one.mase


def crps(one: Scored) -> float | None:
    """For means over lines."""
    return one.crps


def accuracy(scores: Scores) -> Table:
    """One row per method and grain, ours first."""
    rows: list[list[Cell]] = []
    for grain in GRAINS:
        for method, by_grain in scores.items():
            if grain.name in by_grain:
                told = by_grain[grain.name]
                ranges = [mean_over_lines(told, of) for of in (mase, crps)] + [inside(told, band) for band in (80, 95)]
                lines = len({one.line for one in told})
                rows.append([f"{grain.name} {method}", lines, len(told), *(str(one) for one in ranges)])
    note = (
        "95 % ranges: bootstrap over lines. MASE and CRPS (2 x mean pinball of 11 quantiles) are scaled by the error of"
        " the same bucket a week before; bands are over planned buckets. Peers: 0 where nothing is planned."
    )
    return Table("Forecasts of simulated lines", ["", "lines", "forecasts", "MASE", "CRPS", "80 %", "95 %"], rows, note)


def ratios(scores: Scores) -> list[Table]:
    """Ours over each peer on the lines both forecast."""
    rows: list[list[Cell]] = []
    for grain, peer in _pairs(scores):
        both = [ratio(_alike(scores, grain, peer), scores[peer][grain], of) for of in (mase, crps)]
        rows.append([f"{grain} / {peer}", *(str(one) for one in both)])
    return [Table("Ours / peer, on the lines of both", ["", "MASE", "CRPS"], rows, "Below 1 ours is nearer.")]


def groups(found: Measured) -> Table:
    """80 % band by shift pattern, of groups of three lines and more."""
    rows: list[list[Cell]] = [
        [f"{grain.name} {pattern}", count, round(share, 3)]
        for grain in GRAINS
        for pattern, count, share in _groups(found, grain.name)
    ]
    return Table("80 % band by shift pattern", ["", "lines", "inside"], rows)


def damage(whole: Scores, damaged: Scores) -> Table:
    """MASE of the first origin from damaged histories over that from whole ones."""
    rows: list[list[Cell]] = [
        [f"{grain.name}, {DAMAGE_TEXT[kind]}", str(_worse(whole, damaged, kind, grain.name))]
        for grain in GRAINS
        for kind, by_grain in damaged.items()
        if grain.name in by_grain
    ]
    return Table("MASE from a damaged history / from a whole one", ["", "ratio"], rows)


def goals(found: Measured, *, quick: bool) -> list[Goal]:
    """F1 to F4 and F7, each grain by itself."""
    named = [*_own_goals(found), *_peer_goals(found.scores), *_damage_goals(found)]
    return [Goal(goal.text, goal.measured, None if quick else goal.met) for goal in named]


def _own_goals(found: Measured) -> Iterator[Goal]:
    for grain in (one.name for one in GRAINS):
        told = found.scores["ours"][grain]
        for name, of, most in (("MASE", mase, MASE[grain]), ("CRPS", crps, CRPS[grain])):
            value = mean_over_lines(told, of)
            yield Goal(f"F3 {grain}: {name} at most {most}", str(value), round(value.value, 3) <= most)
        for band, (low, high) in BANDS.items():
            value = inside(told, band)
            text = f"F4 {grain}: the {band} % band holds {100 * low:g} to {100 * high:g} %"
            yield Goal(text, _percent(value), low <= value.value <= high)
        shares = [share for _, _, share in _groups(found, grain)]
        if shares:
            fine = min(shares) >= WORST_GROUP[0] and max(shares) <= WORST_GROUP[1]
            text = f"F4 {grain}: the 80 % band holds 70 to 90 % in every group of lines"
            yield Goal(text, f"{100 * min(shares):.1f} to {100 * max(shares):.1f} %", fine)


def _peer_goals(scores: Scores) -> Iterator[Goal]:
    for grain in (one.name for one in GRAINS):
        peers = [peer for peer in PLANLESS if grain in scores.get(peer, {})]
        if peers:
            best = min(peers, key=lambda peer: mean_over_lines(scores[peer][grain], mase).value)
            value = ratio(_alike(scores, grain, best), scores[best][grain], mase)
            text = f"F1 {grain}: MASE at most {PLANLESS_RATIO} x the best without a plan ({best})"
            yield Goal(text, str(value), value.value <= PLANLESS_RATIO)
        for peer in WITH_PLAN:
            if grain not in scores.get(peer, {}):
                continue
            for name, of in (("MASE", mase), ("CRPS", crps)):
                value = ratio(_alike(scores, grain, peer), scores[peer][grain], of)
                fine = value.value <= WITH_PLAN_RATIO and value.high <= WITH_PLAN_HIGH
                text = f"F2 {grain}: {name} at most {WITH_PLAN_RATIO:g} x {peer} with the same plan (range to 1.03)"
                yield Goal(text, str(value), fine)


def _damage_goals(found: Measured) -> Iterator[Goal]:
    for grain in (one.name for one in GRAINS):
        for kind in (one for one in found.damaged if grain in found.damaged[one]):
            value = _worse(found.scores, found.damaged, kind, grain)
            text = f"F7 {grain}: {DAMAGE_TEXT[kind]}: MASE at most {DAMAGE[kind]:.0%} more"
            yield Goal(text, f"{100 * (value.value - 1):+.1f} %", value.value <= 1 + DAMAGE[kind])


def _worse(whole: Scores, damaged: Scores, kind: str, grain: str) -> Interval:
    mine = damaged[kind][grain]
    return ratio(mine, whole["ours"][grain][: len(mine)], mase)  # the first origin comes first


def _alike(scores: Scores, grain: str, peer: str) -> list[Scored]:
    lines = {one.line for one in scores[peer][grain]}
    return [one for one in scores["ours"][grain] if one.line in lines]


def _pairs(scores: Scores) -> Iterator[tuple[str, str]]:
    for grain in GRAINS:
        for peer in (*PLANLESS, *WITH_PLAN):
            if grain.name in scores.get(peer, {}):
                yield grain.name, peer


def _groups(found: Measured, grain: str) -> Iterator[tuple[str, int, float]]:
    for pattern in sorted(set(found.patterns.values())):
        told = [one for one in found.scores["ours"][grain] if found.patterns[one.line] == pattern]
        count = len({one.line for one in told})
        if count >= LEAST_OF_GROUP:
            yield pattern, count, share_inside(told, 80)


def _percent(value: Interval) -> str:
    return f"{100 * value.value:.1f} % [{100 * value.low:.1f}, {100 * value.high:.1f}]"
