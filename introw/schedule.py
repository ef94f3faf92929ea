"""Every recurring job, one list. Each names a queue that is rung in every workspace, or a task of its own."""

from celery.schedules import crontab, schedule

BEAT_SCHEDULE = {
    "segments-clock": {
        "task": "workspaces.ring_everywhere",
        "schedule": schedule(30),  # a time-driven change shows within a minute of its moment
        "args": ["segments.clock"],
        "options": {"expires": 30},
    },
    "notifications-tidy": {
        "task": "workspaces.ring_everywhere",
        "schedule": crontab(minute=41, hour=3),
        "args": ["notifications.tidy"],
    },
    "segments-history": {
        "task": "workspaces.ring_everywhere",
        "schedule": crontab(minute="*/15"),  # adds up the quarter that is over (segments.history.trend)
        "args": ["segments.history"],
        "options": {"expires": 900},
    },
    "segments-rosters": {
        "task": "workspaces.ring_everywhere",
        "schedule": crontab(minute=29, hour=2),
        "args": ["segments.rosters"],
    },
    "crm-sweeps": {
        "task": "workspaces.ring_everywhere",
        "schedule": crontab(
            minute="*/15"
        ),  # what webhooks forgot; where nobody calls us the queue rings itself
        "args": ["crm.sweeps"],
        "options": {"expires": 900},
    },
    "crm-schema": {
        "task": "workspaces.ring_everywhere",
        "schedule": crontab(minute=23),
        "args": ["crm.schema"],
        "options": {"expires": 3600},
    },
    "crm-tidy": {
        "task": "workspaces.ring_everywhere",
        "schedule": crontab(minute=17, hour=3),
        "args": ["crm.tidy"],
    },
}
