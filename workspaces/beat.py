"""Answers that must not tell whether an address is known leave on a beat, so that their time tells nothing either.

What is done for a known address (a person is made, a mail written) takes longer than doing nothing for an unknown
one, and always will. The web entry (introw/pages.py) holds the finished answer back, without holding a thread.
"""

from functools import wraps

# In the WSGI environment: the answer leaves when a multiple of so many seconds has passed since the request came.
KEY = "portal.beat"
SECONDS = 0.5


def on_the_beat(view):
    @wraps(view)
    def held_back(request, *args, **kwargs):
        if request.method == "POST":
            request.META[KEY] = SECONDS
        return view(request, *args, **kwargs)

    return held_back
