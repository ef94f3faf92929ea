from django.conf import settings
from django.core.checks import Error, Tags, register


@register(Tags.security, deploy=True)
def demo_is_off(app_configs, **kwargs):
    if not settings.DEMO:
        return []
    said = "PORTAL_DEMO is set: anybody with a demo link signs in without proof."
    return [Error(said, hint="Unset PORTAL_DEMO wherever real people sign in.", id="workspaces.E001")]
