"""What rules may ask of people: who edited their partner's profile."""

from segments import activity

EDITED = "edited_profile"
activity.register(activity.Kind(EDITED, "Edited the profile"))
