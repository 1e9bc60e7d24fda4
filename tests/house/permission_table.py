"""Who may read and write which route: the expectation that the permission matrix walks.

Letters: O operator, S supervisor, P planner, E engineer, M maintenance, Q quality, F finance, G manager; an admin may
everything. `*`: everybody who is logged in. `-`: the method does not exist; `~`: the form says what. Paths name one
thing of a line in braces.
"""

from typing import NamedTuple

from mes.people.models import Role

LETTER = {
    "O": Role.OPERATOR, "S": Role.SUPERVISOR, "P": Role.PLANNER, "E": Role.ENGINEER, "M": Role.MAINTENANCE,
    "Q": Role.QUALITY, "F": Role.FINANCE, "G": Role.MANAGER, "A": Role.ADMIN,
}  # fmt: skip

# route                     path                                              reads       writes
TABLE = """
home                        /                                                 *           -
language                    /language/                                        -           *
floor                       /floor/                                           *           -
floor-work-center           /floor/{machine}/                                 *           -
floor-schedule              /floor/{machine}/schedule/                        -           SPG
floor-schedule-undo         /floor/{machine}/schedule/undo/                   -           SPG
hours-machine               /floor/{machine}/hours/                           *           -
hours-line                  /hours/{line}/                                    *           -
andon                       /andon/                                           *           -
call                        /andon/{call}/                                    *           -
call-answer                 /andon/{call}/acknowledge/                        -           OSPEMQG
station-call                /station/{machine}/call/                          OSPEMQG     OSEMQ
calls-list                  /api/v1/calls/                                    *           OSEMQ
calls-figures               /api/v1/calls/figures/                            *           -
calls-acknowledge           /api/v1/calls/{call}/acknowledge/                 -           OSPEMQG
calls-cancel                /api/v1/calls/{call}/cancel/                      -           OSPEMQG
calls-resolve               /api/v1/calls/{call}/resolve/                     -           OSPEMQG
wall                        /wall/{line}/                                     *           -
station                     /station/                                         OSPEMQG     -
station-machine             /station/{machine}/                               OSPEMQG     -
station-devices             /station/{machine}/device/                        SE          SE
station-device-revoke       /station/{machine}/device/revoke/                 -           SE
station-scan                /station/{machine}/scan/                          -           OSPEMQG
station-people              /station/{machine}/people/                        OSPEMQG     -
station-sign-on             /station/{machine}/people/on/                     -           OSMQ
station-sign-off            /station/{machine}/people/off/                    -           OSMQ
station-crew                /station/{machine}/people/crew/                   -           OSMQ
station-checklists          /station/{machine}/checklists/                    OSPEMQG     -
station-instructions        /station/{machine}/instructions/                  OSPEMQG     -
station-checklist           /station/{machine}/checklists/{checklist}/        OSPEMQG     OSMQ
station-instruction         /station/{machine}/instructions/{instruction}/1/  OSPEMQG     -
station-reason              /station/{machine}/reason/                        OSMQ        -
station-orders              /station/{machine}/orders/                        OSP         -
station-pause               /station/{machine}/pause/                         OSP         OSP
station-setup-end           /station/{machine}/setup/                         -           OSP
station-change-answer       /station/{machine}/change/                        -           OS
station-start               /station/{machine}/start/                         -           OSP
station-finish              /station/{machine}/finish/                        OSP         -
station-complete            /station/{machine}/complete/                      -           OSP
station-scrap               /station/{machine}/scrap/                         OSQ         OSQ
station-scrap-undo          /station/{machine}/scrap/undo/                    -           OSQ
station-tally               /station/{machine}/tally/                         OSMQ        -
station-tally-begin         /station/{machine}/tally/begin/                   -           OSMQ
station-tally-stop          /station/{machine}/tally/stop/                    -           OSMQ
station-tally-drop          /station/{machine}/tally/drop/                    -           OSMQ
station-tally-enter         /station/{machine}/tally/enter/                   -           OSMQ
station-tally-undo          /station/{machine}/tally/undo/                    -           OSMQ
station-material            /station/{machine}/material/                      OSQ         OSQ
station-material-undo       /station/{machine}/material/undo/                 -           OSQ
station-material-made       /station/{machine}/material/made/                 -           OSQ
quality-checks              /station/{machine}/checks/                        OSQ         -
quality-entry               /station/{machine}/checks/{check_plan}/           OSQ         OSQ
quality                     /quality/                                         OSEMQG      -
quality-hold                /quality/-/holds/{hold}/                          OSEMQG      -
quality-check               /quality/-/checks/{check}/                        OSEMQG      SQG
quality-ncrs                /quality/-/ncr/                                   OSEMQG      -
quality-ncr-new             /quality/-/ncr/new/                               OSMQ        OSMQ
quality-ncr                 /quality/-/ncr/{ncr}/                             OSEMQG      ~
quality-chart               /quality/{check_plan}/                            OSEMQG      -
quality-freeze              /quality/{check_plan}/limits/                     -           EQ
quality-rules               /quality/{check_plan}/rules/                      -           EQ
quality-withdraw            /quality/{check_plan}/withdraw/                   -           SQ
witnesses                   /witness/                                         *           -
witness-line                /witness/{line}/                                  *           -
calendar                    /calendar/                                        SPEG        -
calendar-exception          /calendar/{line}/exception/                       -           PG
calendar-exception-remove   /calendar/{line}/exception/1/remove/              -           PG
calendar-maintenance        /calendar/{line}/maintenance/                     -           PG
calendar-maintenance-remove /calendar/{line}/maintenance/1/remove/            -           PG
calendar-restate            /calendar/{line}/restate/                         -           PG
stops                       /downtime/                                        *           -
stops-assign                /downtime/assign/                                 -           OSMQ
stop-rules                  /downtime/rules/                                  SE          -
stop-rule-switch            /downtime/rules/NONE/switch/                      -           SE
line-stops                  /downtime/line/{line}/                            *           -
stop                        /downtime/{stop}/                                 *           -
stop-explain                /downtime/{stop}/reason/                          -           OSMQ
stop-split                  /downtime/{stop}/split/                           -           SM
stop-merge                  /downtime/{stop}/merge/                           -           SM
stop-trim                   /downtime/{stop}/trim/                            -           SM
stop-undo                   /downtime/{stop}/undo/                            -           SM
orders                      /orders/                                          *           -
order-new                   /orders/-/new/                                    SP          SP
orders-import               /orders/-/import/                                 SP          SP
dispatch                    /orders/dispatch/{machine}/                       OSPEMQG     -
order                       /orders/{order}/                                  *           -
order-kind                  /orders/{order}/kind/                             -           SP
order-complete              /orders/{order}/complete/                         -           OSP
order-cancel                /orders/{order}/cancel/                           -           SP
order-step                  /orders/{order}/do/release/                       -           SP
order-traveller             /orders/{order}/traveller/                        *           -
materials                   /materials/                                       *           -
lot-receive                 /materials/-/receive/                             SPQ         SPQ
lot                         /materials/lots/{lot}/                            *           -
lot-label                   /materials/lots/{lot}/label/                      *           -
lot-sscc                    /materials/lots/{lot}/sscc/                       -           SPQ
lot-edit                    /materials/lots/{lot}/hold/                       -           OSQ
lot-edit                    /materials/lots/{lot}/release/                    -           Q
lot-edit                    /materials/lots/{lot}/correct/                    -           SPQ
recall                      /materials/recall/{lot}/                          SPEQG       -
recall-hold                 /materials/recall/{lot}/hold/                     -           SQ
recall-release              /materials/recall/{lot}/release/                  -           Q
thread                      /thread/order/{order}/                            *           -
thread                      /thread/run/{run}/                                *           -
thread                      /thread/machine-hour/{machine}@2026-03-02T06/     *           -
thread                      /thread/stop/{stop}/                              *           -
thread                      /thread/check/{check}/                            *           -
thread                      /thread/lot/COLA-05~{lot}/                        *           -
thread                      /thread/shift/{line}~2026-03-02~Early/            *           -
thread-pack                 /thread-pack/{order}/                             SEQFG       -
explain                     /explain/                                         *           -
improve                     /improve/                                         *           -
improve-pareto              /improve/pareto/                                  *           -
improve-stops               /improve/stops/                                   *           -
improve-waterfall           /improve/waterfall/                               *           -
improve-trends              /improve/trends/                                  *           -
improve-compare             /improve/compare/                                 *           -
improve-costs               /improve/costs/                                   SPFG        -
improve-targets             /improve/targets/                                 *           -
policies                    /improve/policies/                                SPEMQFG     -
policy-adopt                /improve/policies/adopt/                          -           G
readiness                   /improve/readiness/                               *           -
line-readiness              /improve/readiness/{line}/                        *           -
readiness-import            /improve/readiness/{line}/import/                 *           SPEG
forecasts                   /improve/forecast/                                *           -
forecast-floor              /improve/forecast/-/floor/                        *           -
line-forecast               /improve/forecast/{line}/                         *           -
forecast-then               /improve/forecast/{line}/{forecast}/              *           -
forecast-job                /improve/forecast/{line}/job/                     *           -
forecast-now                /improve/forecast/{line}/now/                     -           SEQFG
forecast-approve            /improve/forecast/{line}/approve/                 -           -
forecast-override           /improve/forecast/{line}/override/                -           SPG
signals                     /improve/signals/                                 *           -
signal-mark                 /improve/signals/{signal}/mark/                   -           OSPEMQG
phases                      /improve/phases/                                  *           -
line-phases                 /improve/phases/{line}/                           *           -
phase-approver              /improve/phases/{line}/approver/                  -           G
shifts                      /shift/                                           *           -
shift                       /shift/{line}/2026-03-02/Early/                   *           -
handovers                   /handover/                                        *           -
handover                    /handover/{line}/2026-03-02/Early/                *           -
handover-mail               /handover/{line}/mail/                            *           -
handover-mail-edit          /handover/{line}/mail/edit/                       -           SG
counts                      /counts/                                          SPQG        -
counts-held                 /counts/held/                                     -           SQG
counts-gap                  /counts/gap/                                      -           SPQG
counts-hours                /counts/hours/                                    -           SPQG
counts-scrap                /counts/scrap/                                    -           SQG
corrections                 /corrections/{machine}/                           SEQG        -
correction-state            /corrections/{machine}/state/                     -           SQG
correction-withdraw         /corrections/{machine}/withdraw/                  -           SQG
correction-count            /corrections/{machine}/count/                     -           SQG
restate-ideal               /corrections/{machine}/ideal/                     -           EG
restate-map                 /corrections/{machine}/map/                       -           EG
controllers                 /controllers/                                     SEMG        -
controller                  /controllers/{controller}/                        SEMG        -
controller-tags             /controllers/{controller}/tags/                   E           E
controller-proposals        /controllers/{controller}/proposals/              E           E
planning                    /planning/                                        SPFG        -
erp                         /planning/erp/                                    SPFGE       -
erp-orders                  /planning/erp/orders/                             SPFG        -
erp-attention               /planning/erp/attention/                          SPFG        -
erp-differences             /planning/erp/differences/                        SPFG        -
erp-totals                  /planning/erp/totals/                             SPFG        -
erp-retry-all               /planning/erp/attention/retry/                    -           PG
erp-new                     /planning/erp/new/                                E           E
erp-setup                   /planning/erp/ERP/setup/                          PE          -
erp-notice-seen             /planning/erp/ERP/seen/{erp_key}/                 -           PG
erp-material-act            /planning/erp/ERP/materials/{erp_key}/            -           PG
erp-cancelled-seen          /planning/erp/ERP/cancelled/{erp_key}/            -           PG
erp-imports                 /planning/erp/imports/                            A           A
erp-import                  /planning/erp/imports/{import}/                   A           -
erp-import-rows             /planning/erp/imports/{import}/rows/              A           -
erp-log                     /planning/erp/log/                                SPFG        -
erp-message                 /planning/erp/messages/{message}/                 SPFG        -
erp-order-log               /planning/erp/ERP/orders/{erp_key}/               SPFG        -
sites-list                  /api/v1/sites/                                    *           -
sites-detail                /api/v1/sites/SITE/                               *           -
areas-list                  /api/v1/areas/                                    *           -
areas-detail                /api/v1/areas/AREA/                               *           -
lines-list                  /api/v1/lines/                                    *           -
lines-detail                /api/v1/lines/{line}/                             *           -
work-centers-list           /api/v1/work-centers/                             *           -
work-centers-detail         /api/v1/work-centers/{machine}/                   *           -
shifts-list                 /api/v1/shifts/                                   *           -
reasons-list                /api/v1/reasons/                                  *           -
reasons-detail              /api/v1/reasons/JAM/                              *           -
controllers-list            /api/v1/controllers/                              SEMG        -
controllers-detail          /api/v1/controllers/{controller}/                 SEMG        -
items-list                  /api/v1/items/                                    *           -
items-detail                /api/v1/items/COLA-05/                            *           -
work-orders-list            /api/v1/work-orders/                              *           SP
work-orders-detail          /api/v1/work-orders/{order}/                      *           -
work-orders-cancel          /api/v1/work-orders/{order}/cancel/               -           SP
work-orders-close           /api/v1/work-orders/{order}/close/                -           SP
work-orders-complete        /api/v1/work-orders/{order}/complete/             -           OSP
work-orders-pause           /api/v1/work-orders/{order}/pause/                -           OSP
work-orders-release         /api/v1/work-orders/{order}/release/              -           SP
work-orders-resume          /api/v1/work-orders/{order}/resume/               -           OSP
work-orders-start           /api/v1/work-orders/{order}/start/                -           OSP
api-order-thread            /api/v1/work-orders/{order}/thread/               *           -
api-thread                  /api/v1/thread/stop/{stop}/                       *           -
runs-list                   /api/v1/runs/                                     *           -
stops-list                  /api/v1/stops/                                    *           -
stops-figures               /api/v1/stops/figures/                            *           -
stops-detail                /api/v1/stops/{stop}/                             *           -
stops-parts                 /api/v1/stops/{stop}/parts/                       *           -
stops-explain               /api/v1/stops/{stop}/explain/                     -           OSMQ
stops-merge                 /api/v1/stops/{stop}/merge/                       -           SM
stops-split                 /api/v1/stops/{stop}/split/                       -           SM
stops-trim                  /api/v1/stops/{stop}/trim/                        -           SM
stops-undo                  /api/v1/stops/{stop}/undo/                        -           SM
counts-list                 /api/v1/counts/                                   *           -
pallet-scans-list           /api/v1/pallet-scans/                             *           OSMQ
tallies-list                /api/v1/tallies/                                  *           OSMQ
checks-list                 /api/v1/checks/                                   OSEMQG      OSQ
balances-list               /api/v1/balances/                                 *           -
lots-list                   /api/v1/lots/                                     *           -
lots-detail                 /api/v1/lots/{lot}/                               *           -
lots-genealogy              /api/v1/lots/{lot}/genealogy/?direction=up        *           -
handovers-list              /api/v1/handovers/                                *           -
api-line-readiness          /api/v1/lines/{line}/readiness/                   *           -
api-line-signals            /api/v1/lines/{line}/signals/                     *           -
api-line-forecast           /api/v1/lines/{line}/forecast/?horizon=3d&at=2026-03-02T06:30Z  *           -
api-costs    /api/v1/costs/?line={line}&from=2026-03-02T06:00Z&to=2026-03-02T07:00Z                  SPFG        -
erp-connections-list   /api/v1/erp/connections/                               SPFG        -
erp-connections-detail /api/v1/erp/connections/ERP/                           SPFG        -
erp-messages-list      /api/v1/erp/messages/                                  SPFG        -
erp-differences-list   /api/v1/erp/differences/                               SPFG        -
erp-requests           /api/v1/erp/operations-requests/                       -           E
erp-request            /api/v1/erp/operations-requests/ERP/{erp_key}/         -           -
erp-responses          /api/v1/erp/operations-responses/?system=ERP           SPFG        -
erp-ack                /api/v1/erp/operations-responses/{message}/ack/        -           E
api-kpi      /api/v1/kpi/?line={line}&from=2026-03-02T06:00Z&to=2026-03-02T07:00Z                    *           -
api-explain  /api/v1/kpi/explain/?line={line}&from=2026-03-02T06:00Z&to=2026-03-02T07:00Z            *           -
api-observations            /api/v1/observations/                             -           E
api-docs                    /api/v1/docs/                                     *           -
api-schema                  /api/v1/schema/                                   *           -
"""

# What anybody may ask without logging in, or what belongs to the terminal and not to a line: others test them.
PUBLIC = {"login", "logout", "healthz", "readyz", "metrics", "csp", "station-identify", "station-leave"}

# Writing says in the form what it does, and the right depends on it: path, form, who may.
SAID_IN_THE_FORM = """
readiness-measure  /improve/readiness/{line}/now/             -               SEQFG
phase-sign         /improve/phases/{line}/sign/               verb=sign       SPEMQFG
hours-machine-edit /floor/{machine}/hours/comment/            -               OSMQPEG
hours-line-edit    /hours/{line}/comment/                     -               OSMQPEG
improve-costs-set  /improve/costs/set/                          what=work_center:{machine}  F
erp-message-act     /planning/erp/messages/{message}/retry/       -             PG
erp-message-act     /planning/erp/messages/{message}/discard/     why=late      PG
erp-difference-act  /planning/erp/differences/{difference}/settle/  why=right   PG
erp-import-act      /planning/erp/imports/{import}/cancel/        -             A
erp-setup-act       /planning/erp/ERP/setup/settings/             -             E
erp-setup-act       /planning/erp/ERP/setup/map/                  -             PE
erp-setup-act       /planning/erp/ERP/setup/stop/                 why=trial     E
improve-targets-set /improve/targets/set/                    place=line:{line}  SPG
shift-state        /shift-state/{line}/2026-03-02/Early/     verb=close      SG
shift-state        /shift-state/{line}/2026-03-02/Early/     verb=lock       G
handover-act       /handover-act/{line}/2026-03-02/Early/     verb=note       OSMQG
"""

OK_READ, OK_WRITE = {200, 302}, {200, 201, 302, 303, 400, 409, 422, 404}
BAD_QUESTION = {"/explain/"}  # a page that asks for more before it shows something


class Row(NamedTuple):
    """One route as the table has it."""

    name: str
    path: str
    reads: str
    writes: str


def rows() -> list[Row]:
    return [Row(*line.split()) for line in TABLE.strip().splitlines()]
