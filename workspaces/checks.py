from django.conf import settings
from django.core.checks import Error, Tags, register


@register(Tags.security, deploy=True)
def demo_is_off(app_configs, **kwargs):
    if not settings.DEMO:
        return []
    said = "PORTAL_DEMO is set: anybody with a demo link signs in without proof."
    return [Error(said, hint="Unset PORTAL_DEMO wherever real people sign in.", id="workspaces.E001")]


@register(Tags.security, deploy=True)
def https_comes_through_a_proxy(app_configs, **kwargs):
    if settings.PROXIES or not settings.HTTPS:
        return []
    said = (
        "PORTAL_PUBLIC_URL is https://, but no proxy is named that could say so: every page would redirect."
    )
    return [Error(said, hint="Put your proxy's address into PORTAL_PROXIES.", id="workspaces.E002")]
