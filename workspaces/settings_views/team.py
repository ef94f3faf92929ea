from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from workspaces import second_factor as factors
from workspaces import team as domain
from workspaces.access import settings_view
from workspaces.beat import on_the_beat
from workspaces.models import TeamMember
from workspaces.team_forms import AccessForm, InvitationForm, SecondFactorForm


@settings_view("team.view")
@require_safe
def team(request):
    return _page(request)


@on_the_beat
@settings_view("team.manage")
@require_POST
def invite(request):
    form = InvitationForm(request.POST, giver=request.member)
    if not form.is_valid():
        return _page(request, invitation=form)
    asked = form.cleaned_data
    try:
        member = domain.invite(
            asked["email"],
            name=asked["name"],
            access=asked["access"],
            workspace=request.workspace,
            by=request.member,
        )
    except domain.TeamRefusal as refusal:
        form.add_error("email", str(refusal))
        return _page(request, invitation=form)
    messages.success(request, f"{member} is on the team; an invitation is on its way.")
    return redirect("settings:team")


@settings_view("team.manage")
@require_POST
def invite_again(request, pk):
    member = _member_or_404(pk)
    domain.send_invitation(member, request.workspace, by=request.member)
    messages.success(request, f"The invitation to {member.user.email} is on its way again.")
    return redirect("settings:team")


@settings_view("team.manage")
def member(request, pk):
    """One member: what they may do, and the way out."""
    member = _member_or_404(pk)
    form = AccessForm(request.POST or None, giver=request.member, initial={"access": member.access})
    if request.method == "POST" and form.is_valid():
        try:
            domain.change_access(member, form.cleaned_data["access"], by=request.member)
        except domain.TeamRefusal as refusal:
            form.add_error("access", str(refusal))
        else:
            messages.success(request, f"{member} is {member.get_access_display().lower()} now.")
            return redirect("settings:team")
    content = {"member": member, "form": form, "may_change": domain.may_touch(member, by=request.member)}
    return render(
        request, "workspaces/settings/team_member.html", content, status=422 if form.errors else 200
    )


@settings_view("team.manage")
@require_POST
def remove(request, pk):
    member = _member_or_404(pk)
    try:
        domain.remove(member, request.workspace, by=request.member)
    except domain.TeamRefusal as refusal:
        messages.error(request, str(refusal))
        return redirect("settings:team-member", pk)
    messages.success(request, f"{member} is not on the team any more.")
    return redirect("settings:team")


@settings_view("workspace.manage")
@require_POST
def second_factor(request):
    """The policy of the workspace: whether Settings open without a second factor."""
    form = SecondFactorForm(request.POST)
    required = form.is_valid() and form.cleaned_data["required"]
    if required and not factors.is_given(request):
        # Whoever shuts the door must be able to open it again.
        messages.error(request, "Set up your own second factor first, and sign in with it.")
        return redirect("settings:team")
    request.workspace.second_factor_required = required
    request.workspace.save(update_fields=["second_factor_required"])
    said = (
        "Everybody on the team is asked for a second factor now."
        if required
        else "A second factor is optional now."
    )
    messages.success(request, said)
    return redirect("settings:team")


def _page(request, invitation=None):
    members = list(TeamMember.objects.by_name())
    content = {
        "members": members,
        "enrolled": factors.enrolled_among([member.user_id for member in members if member.joined_at]),
        "invitation": invitation or InvitationForm(giver=request.member),
        "second_factor": SecondFactorForm(initial={"required": request.workspace.second_factor_required}),
        "may_manage": request.member.may("team.manage"),
        "may_set_policy": request.member.may("workspace.manage"),
    }
    return render(request, "workspaces/settings/team.html", content, status=422 if invitation else 200)


def _member_or_404(pk):
    member = TeamMember.objects.filter(pk=pk).select_related("user").first()
    if member is None:
        raise Http404
    return member
