"""The stored plant, as it holds at an instant, as a Plant."""

from datetime import datetime

from django.db.models import Q

from mes.downtime.models import Reason
from mes.people.models import Person
from mes.plant.models import Area, Line, OtherDay, PlannedMaintenance, ShiftPattern, Site, WorkCenter
from mes.plantfile.check_plans_store import check_plans_export
from mes.plantfile.document import (
    AreaRow,
    BindingRow,
    BreakRow,
    ControllerRow,
    CrewRow,
    CycleRow,
    ExceptionRow,
    HolidayRow,
    ItemRow,
    LineRow,
    MaintenanceRow,
    PatternRow,
    PersonRow,
    Plant,
    ReasonRow,
    Ref,
    ShiftRow,
    SiteRow,
    StateMapRow,
    StateRow,
    WorkCenterRow,
)
from mes.plantfile.read_calendar import LEVELS
from mes.plantfile.read_signals import BUILT_IN_MAPS
from mes.plantfile.routings_store import pools_export, routings_export
from mes.plantfile.stop_rules import stop_rules_export
from mes.plantfile.witnesses_store import witnesses_export
from mes.plc.models import Controller, StateMap, TagBinding
from mes.production.models import IdealCycle, Item


def plant_export(*, at: datetime) -> Plant:
    """What is stored: of effective-dated rows those that hold at `at`; built-in state maps only where changed."""
    bindings, witnesses = _bindings(at), witnesses_export(at)
    return Plant(
        patterns=_patterns(),
        sites=_sites(),
        areas=tuple(
            AreaRow(row.code, row.name, Ref(row.site.code), _pattern_of(row), row.isa95_level)
            for row in Area.objects.select_related("site", "shift_pattern").order_by("code")
        ),
        lines=_lines(),
        work_centers=_work_centers(),
        exceptions=_exceptions(at),
        maintenance=_maintenance(at),
        controllers=_controllers(),
        state_maps=_state_maps(),
        bindings=bindings,
        bound=tuple(dict.fromkeys(row.work_center.code for row in bindings)),
        reasons=_reasons(),
        items=_items(at),
        people=_people(),
        witnesses=witnesses,
        witnessed=tuple(dict.fromkeys(row.work_center.code for row in witnesses)),
        check_plans=check_plans_export(),
        stop_rules=stop_rules_export(),
        pools=pools_export(),
        routings=routings_export(),
    )


def _holds(at: datetime) -> Q:
    return Q(valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))


def _pattern_of(row: Site | Area | Line | WorkCenter) -> Ref | None:
    return Ref(row.shift_pattern.code) if row.shift_pattern else None


def _patterns() -> tuple[PatternRow, ...]:
    rows = []
    for pattern in ShiftPattern.objects.prefetch_related("rules__breaks", "rules__cycles").order_by("code"):
        shifts = [
            ShiftRow(
                rule.name,
                tuple(sorted(rule.days)),
                rule.starts,
                rule.ends,
                tuple(BreakRow(pause.name, pause.starts, pause.ends) for pause in rule.breaks.all()),
                tuple(CrewRow(crew.crew, crew.cycle, crew.anchor) for crew in rule.cycles.all()),
            )
            for rule in pattern.rules.all()
        ]
        ordered = tuple(sorted(shifts, key=lambda row: (row.starts, row.name)))
        rows.append(PatternRow(pattern.code, pattern.name, ordered))
    return tuple(rows)


def _sites() -> tuple[SiteRow, ...]:
    return tuple(
        SiteRow(
            code=row.code,
            name=row.name,
            time_zone=row.time_zone,
            production_day=row.production_day,
            shifts=_pattern_of(row),
            isa95=row.isa95_level,
            holidays=tuple(HolidayRow(holiday.date, holiday.name) for holiday in row.holidays.all()) or None,
        )
        for row in Site.objects.select_related("shift_pattern").prefetch_related("holidays").order_by("code")
    )


def _lines() -> tuple[LineRow, ...]:
    return tuple(
        LineRow(
            code=row.code,
            name=row.name,
            area=Ref(row.area.code),
            flow=row.flow,
            orders_run_on=row.orders_run_on,
            shifts=_pattern_of(row),
            isa95=row.isa95_level,
        )
        for row in Line.objects.select_related("area", "shift_pattern").order_by("position", "code")
    )


def _work_centers() -> tuple[WorkCenterRow, ...]:
    stored = WorkCenter.objects.select_related("line", "shift_pattern")
    return tuple(
        WorkCenterRow(
            code=row.code,
            name=row.name,
            at_line=Ref(row.line.code),
            is_exit=row.is_exit,
            micro_stop_s=row.micro_stop_s,
            archived=row.archived,
            isa95=row.isa95_level,
            shifts=_pattern_of(row),
        )
        for row in stored.order_by("line__position", "line__code", "position", "code")
    )


def _exceptions(at: datetime) -> tuple[ExceptionRow, ...] | None:
    """Those that lie ahead: an import changes no others."""
    rows = [
        ExceptionRow(
            row.LEVELS[row.level],
            Ref(row.place.code),
            row.date,
            row.name,
            Ref(row.pattern.code) if row.pattern else None,
            tuple(sorted(row.shifts)),
        )
        for row in OtherDay.objects.filter(date__gt=at.date()).select_related("pattern", *OtherDay.LEVELS)
    ]
    return tuple(sorted(rows, key=lambda row: (row.date, LEVELS.index(row.level), row.place.code))) or None


def _maintenance(at: datetime) -> tuple[MaintenanceRow, ...] | None:
    rows = [
        MaintenanceRow(row.LEVELS[row.level], Ref(row.place.code), row.name, row.starts_at, row.ends_at, row.works_on)
        for row in PlannedMaintenance.objects.filter(starts_at__gt=at).select_related(*PlannedMaintenance.LEVELS)
    ]
    return tuple(sorted(rows, key=lambda row: (row.starts, LEVELS.index(row.level), row.place.code, row.name))) or None


def _controllers() -> tuple[ControllerRow, ...]:
    return tuple(
        ControllerRow(
            code=row.code,
            name=row.name,
            site=Ref(row.site.code),
            kind=row.kind,
            address=row.address,
            period_s=row.period_s,
            timeout_s=row.timeout_s,
            enabled=row.enabled,
        )
        for row in Controller.objects.select_related("site").order_by("code")
    )


def _state_maps() -> tuple[StateMapRow, ...]:
    rows = [
        StateMapRow(
            row.code,
            row.name,
            tuple(StateRow(entry.raw_code, entry.state, entry.kind) for entry in row.entries.all()),
        )
        for row in StateMap.objects.prefetch_related("entries").order_by("code")
    ]
    return tuple(row for row in rows if row.states and BUILT_IN_MAPS.get(row.code) != row)


def _bindings(at: datetime) -> tuple[BindingRow, ...]:
    stored = TagBinding.objects.filter(_holds(at)).select_related("controller", "work_center", "state_map")
    return tuple(
        BindingRow(
            work_center=Ref(row.work_center.code),
            role=row.role,
            controller=Ref(row.controller.code),
            tag=row.tag,
            state_map=Ref(row.state_map.code) if row.state_map else None,
            modulus=row.modulus,
            floor=row.floor,
            factor=row.factor,
            max_rate_per_s=row.max_rate_per_s,
        )
        for row in stored.order_by(
            "work_center__line__position", "work_center__line__code", "work_center__position", "work_center__code"
        )
    )


def _reasons() -> tuple[ReasonRow, ...]:
    stored = list(Reason.objects.select_related("parent").order_by("position", "code"))
    ordered = []
    for category in stored:
        if category.parent is None:
            ordered += [category, *(row for row in stored if row.parent_id == category.pk)]
    return tuple(
        ReasonRow(
            code=row.code,
            name=row.name,
            parent=row.parent.code if row.parent else None,
            klass=row.klass,
            semi_e10=row.semi_e10,
            plc_code=row.plc_code,
            archived=row.archived,
        )
        for row in ordered
    )


def _items(at: datetime) -> tuple[ItemRow, ...]:
    cycles: dict[int, list[CycleRow]] = {}
    for row in IdealCycle.objects.filter(_holds(at)).select_related("work_center").order_by("work_center__code"):
        cycles.setdefault(row.item_id, []).append(CycleRow(Ref(row.work_center.code), row.ideal_cycle_s))
    return tuple(
        ItemRow(row.code, row.name, row.unit, tuple(cycles.get(row.pk, ()))) for row in Item.objects.order_by("code")
    )


def _people() -> tuple[PersonRow, ...]:
    return tuple(
        PersonRow(
            username=row.username,
            name=row.get_full_name() or row.username,
            role=row.role,
            all_lines=row.all_lines,
            lines=tuple(Ref(code) for code in sorted(line.code for line in row.lines.all())),
            email=row.email,
            active=row.is_active,
        )
        for row in Person.objects.prefetch_related("lines").order_by("username")
    )
