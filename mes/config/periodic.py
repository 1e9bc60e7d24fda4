"""Every periodic job in one table: what runs how often on which queue. Each is safe to run twice."""

from typing import Any

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # name: task, seconds between runs. The claim ticks only offer work; the lease in PostgreSQL decides who does it.
    # Not whole seconds: a worker asks Redis anew every second and the one that waits longest is served, so of two
    # workers the same one would take every tick for ever and the other never learn of its share.
    "claim controllers": {"task": "mes.tracking.tasks.claim_controllers", "schedule": 2.3},
    "claim the broadcast": {"task": "mes.live.tasks.claim_broadcast", "schedule": 2.3},
    "explain stops by rules": {"task": "mes.downtime.tasks.explain_by_rules", "schedule": 10.0},
    "materialise shifts": {"task": "mes.plant.tasks.materialise_shifts", "schedule": 3600.0},
    "sample partitions": {"task": "mes.tracking.tasks.turn_partitions", "schedule": 3600.0},
    "follow the policies": {"task": "mes.oee.tasks.follow_policies", "schedule": 60.0},
    "roll hours up": {"task": "mes.oee.tasks.roll_up", "schedule": 2.0},
    "prove the roll-ups": {"task": "mes.oee.tasks.check_rebuild", "schedule": 3600.0},
    "close and lock shifts": {"task": "mes.oee.tasks.turn_shifts", "schedule": 60.0},
    "look at readings": {"task": "analytics.tasks.look_at_readings", "schedule": 15.0},
    "archive plans": {"task": "analytics.tasks.archive_plans", "schedule": 60.0},
    "measure readiness": {"task": "analytics.tasks.measure_due", "schedule": 60.0},
    "watch lines for decay": {"task": "analytics.tasks.watch_lines", "schedule": 600.0},
    "look for signals": {"task": "analytics.tasks.watch_signals", "schedule": 300.0},
    "offer forecasts": {"task": "analytics.tasks.offer_refits", "schedule": 60.0},
    "work off forecasts": {"task": "analytics.tasks.work_off_refits", "schedule": 20.0},
    "forget looks": {"task": "analytics.tasks.forget_looks", "schedule": 6 * 3600.0},
    "forecast the demo's past": {"task": "mes.demo.tasks.forecast_the_past", "schedule": 20.0},
    "open handovers": {"task": "mes.handover.tasks.open_handovers", "schedule": 60.0},
    "send shift reports": {"task": "mes.handover.tasks.send_reports", "schedule": 20.0},
    "fix the plans of hours": {"task": "mes.hourly.tasks.fix_plans", "schedule": 60.0},
    "escalate calls": {"task": "mes.andon.tasks.escalate", "schedule": 3.0},
    "send notices of calls": {"task": "mes.andon.tasks.send", "schedule": 3.0},
    "seal the journal": {"task": "mes.journal.tasks.seal", "schedule": 5.0},
    "weigh counts against their witnesses": {"task": "mes.witness.tasks.weigh", "schedule": 600.0},
    "write messages to ERPs": {"task": "erp_sync.tasks.follow", "schedule": 2.0},
    "send messages to ERPs": {"task": "erp_sync.tasks.deliver", "schedule": 5.0},
    "compare open orders with ERPs": {"task": "erp_sync.tasks.compare", "schedule": 900.0},
    "compare 30 days with ERPs by night": {"task": "erp_sync.tasks.compare_all", "schedule": 300.0},
    "pull orders of ERPs": {"task": "erp_sync.tasks.pull", "schedule": 60.0},
    "sweep open orders of ERPs": {"task": "erp_sync.tasks.sweep", "schedule": 900.0},
    "apply files of orders": {"task": "erp_sync.tasks.imports", "schedule": 3.0},
    "sweep ERPs by night": {"task": "erp_sync.tasks.sweep_all", "schedule": 120.0},
    "ask ERPs for stock": {"task": "erp_sync.tasks.stock", "schedule": 300.0},
    "read master data of ERPs": {"task": "erp_sync.tasks.master", "schedule": 600.0},
    "forget empty runs of ERPs": {"task": "erp_sync.tasks.forget_runs", "schedule": 6 * 3600.0},
    "forget old tries to send to ERPs": {"task": "erp_sync.tasks.forget_tries", "schedule": 6 * 3600.0},
}

ROUTES: dict[str, dict[str, str]] = {
    "mes.tracking.tasks.claim_controllers": {"queue": "poll"},
    "mes.plc.tasks.browse_controller": {"queue": "poll"},  # controllers are reached from the poller's host only
    "mes.live.tasks.claim_broadcast": {"queue": "live"},
}
