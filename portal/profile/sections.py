"""The profile as a section of a portal's tab: edited in place by those who may."""

from portal.profile import page

TEMPLATE = "portal/profile/partner/_section.html"


def context(request, section):
    return {**page.context(request), "section": section, "leads_back": request.path}
