"""The Celery application: settings from Django, periodic jobs from one table."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.config.settings")

app = Celery("millwright")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

from mes.config.periodic import BEAT_SCHEDULE, ROUTES  # noqa: E402  (after the app exists)

app.conf.beat_schedule = BEAT_SCHEDULE
app.conf.task_routes = ROUTES
