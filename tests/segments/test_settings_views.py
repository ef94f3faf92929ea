"""The screens of segments, as a team member without scripts uses them."""

import re

import pytest

from segments import editing, permissions
from segments.editor.forms import SegmentForm
from segments.engine.definitions import fields_of
from segments.models import Audience, AudienceSegment, Segment
from segments.rules.sentence import sentence_text
from segments.rules.tree import new_tree
from tests.conftest import make_contact, make_member
from tests.segments.conftest import ADA

HOME = "/acme/settings/segments/"


@pytest.fixture
def client(ada, as_user):
    return as_user(ada)


@pytest.fixture
def page(client):
    """A person without scripts: what stands in the form goes along with the button that is pressed."""

    class Page:
        def __init__(self):
            self.url, self.fields, self.html = "", {}, ""

        def open(self, url):
            return self._read(client.get(url), url)

        def press(self, action):
            self.fields["do"] = [action]
            return self._read(client.post(self.url, self.fields), self.url)

        def fill(self, **fields):
            for name, value in fields.items():
                self.fields[name] = value if isinstance(value, list) else [value]

        def put(self, name, *values):
            self.fields[name] = list(values)

        def _read(self, response, url):
            if response.status_code == 302:
                return self.open(response["Location"])
            self.url, self.response = url, response
            self.html = response.content.decode()
            self.fields = form_fields(self.html)
            return response

    return Page()


def form_fields(html):
    """What a browser would send of the segment's form."""
    form = html[html.index('id="segment-form"') :] if 'id="segment-form"' in html else ""
    form = form[: form.index("</form>")] if form else ""
    found = {}
    for tag in re.finditer(r"<input\b[^>]*>", form):
        attrs = dict(re.findall(r'([\w-]+)="([^"]*)"', tag[0]))
        kind = attrs.get("type", "text")
        if "name" in attrs and (kind not in ("checkbox", "radio") or re.search(r"\schecked\b", tag[0])):
            found.setdefault(attrs["name"], []).append(attrs.get("value", ""))
    for select in re.finditer(r"<select\b([^>]*)>(.*?)</select>", form, re.S):
        name = re.search(r'name="([^"]*)"', select[1])[1]
        options = re.findall(r"<option\b([^>]*)>", select[2])
        chosen = [o for o in options if re.search(r"\bselected\b", o)]
        if not chosen and "multiple" not in select[1]:
            chosen = options[:1]
        found.setdefault(name, []).extend(re.search(r'value="([^"]*)"', o)[1] for o in chosen)
    for area in re.finditer(r'<textarea\b[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        found.setdefault(area[1], []).append(area[2].strip())
    return found


@pytest.fixture
def tier(number):
    return f"self:{number('partner', 'tier')}"


def test_a_nested_segment_is_made_without_scripts(page, acme, inside, brightpath, kestrel, tier, number):
    phase = f"self:{number('partner', 'phase')}"
    page.open(HOME + "new/")
    page.press("add:")
    page.put("c:0:field", tier)
    page.press("refresh")
    page.put("c:0:v", "gold", "platinum")
    page.press("add-group:")
    page.put("c:1.0:field", phase)
    page.press("refresh")
    page.put("c:1.0:op", "is_none_of")
    page.press("refresh")
    page.put("c:1.0:v", "prospecting")
    page.press("add:1")
    page.put("c:1.1:field", f"self:{number('partner', 'country')}")
    page.press("refresh")
    page.put("c:1.1:v", "Norway")
    page.fill(name="Gold and going", description="Where it works")
    page.press("save")

    assert page.response.status_code == 200
    with inside(acme):
        made = Segment.objects.get(name="Gold and going")
        assert sentence_text(made.builds.get().tree, fields_of("partner")) == (
            "Partners whose tier is Gold or Platinum, and for whom at least one is true: "
            "phase is not Prospecting (a blank phase counts); or country is “Norway”."
        )
        assert (made.member_count, made.description, made.updated_by) == (1, "Where it works", "Ada")


def test_the_page_says_how_many_match_before_anything_is_saved(page, acme, inside, brightpath, kestrel, tier):
    page.open(HOME + "new/")
    page.press("add:")
    page.put("c:0:field", tier)
    page.press("refresh")
    page.put("c:0:v", "gold")
    page.press("preview")

    assert re.search(r'class="big">\s*1</span>\s*<span class="soft">of 2 partners', page.html)
    assert "Brightpath" in page.html
    assert "Tier is Gold" in page.html
    assert "Kestrel" not in page.html
    with inside(acme):
        assert not Segment.objects.filter(built_in_key=None).exists()


def test_a_count_stands_at_its_own_row_whatever_is_unfinished_before_it(
    page, brightpath, kestrel, tier, number
):
    page.open(HOME + "new/")
    for place, (field, value) in enumerate([("phase", None), ("tier", "gold")]):
        page.press("add:")
        page.put(f"c:{place}:field", f"self:{number('partner', field)}")
        page.press("refresh")
        if value:
            page.put(f"c:{place}:v", value)
    page.press("preview")
    assert re.findall(r'data-count-for="(n[\d-]+)" value="(\d+)"', page.html) == [("n1", "1")]


def test_somebody_can_be_tested_and_is_told_why_not(page, brightpath, kestrel, gold):
    page.open(f"{HOME}{gold.pk}/")
    page.fill(test="kest")
    page.press("preview")

    text = re.sub(r"<[^>]+>|\s+", " ", page.html[page.html.index('id="rail"') :])
    assert re.search(r"Kestrel +Does not fit +Tier is Gold +\(it is Silver, from Portal, set", text)
    assert "Would be in if tier were Gold." in text
    page.fill(test="nobody")
    page.press("preview")
    assert "Nobody is called “nobody”" in page.html


def test_mistakes_stand_at_their_row_and_nothing_is_lost(page, acme, inside, tier):
    page.open(HOME + "new/")
    page.press("add:")
    page.put("c:0:field", tier)
    page.press("refresh")
    page.press("add:")
    page.fill(name="", description="Kept")
    page.press("save")

    assert page.response.status_code == 422
    first, second = page.html.split('id="n1"')
    assert "Enter a value." in first
    assert "Choose what to ask about." in second
    assert page.fields["description"] == ["Kept"]
    assert page.fields["c:0:field"] == [tier]
    with inside(acme):
        assert not Segment.objects.filter(built_in_key=None).exists()


def test_rows_move_double_and_go(page, tier, number):
    phase = f"self:{number('partner', 'phase')}"
    page.open(HOME + "new/")
    for place, field in enumerate([tier, phase]):
        page.press("add:")
        page.put(f"c:{place}:field", field)
    page.press("down:0")
    assert [page.fields["c:0:field"], page.fields["c:1:field"]] == [[phase], [tier]]
    page.press("duplicate:1")
    assert page.fields["c:2:field"] == [tier]
    page.press("remove:0")
    assert [page.fields["c:0:field"], page.fields["c:1:field"]] == [[tier], [tier]]
    assert "c:2:field" not in page.fields


def test_blanks_can_be_counted_where_they_usually_are_not(page, acme, inside, tier):
    page.open(HOME + "new/")
    page.press("add:")
    page.put("c:0:field", tier)
    page.press("refresh")
    page.put("c:0:v", "gold")
    page.press("blanks:0")
    assert "A blank tier counts as a match" in page.response.text
    page.fill(name="Gold or unknown")
    page.press("save")
    with inside(acme):
        (leaf,) = Segment.objects.get(name="Gold or unknown").builds.get().tree["root"]["items"]
        assert (leaf["op"], leaf["unknown"]) == ("is_any_of", "include")


def test_of_two_who_take_a_name_at_once_the_second_is_told(page, acme, inside, gold, tier, monkeypatch):
    monkeypatch.setattr(SegmentForm, "clean_name", lambda form: form.cleaned_data["name"])
    page.open(HOME + "new/")
    page.press("add:")
    page.put("c:0:field", tier)
    page.press("refresh")
    page.put("c:0:v", "gold")
    page.fill(name="GOLD partners")
    page.press("save")
    assert page.response.status_code == 422
    assert "Another segment is called that." in page.response.text
    assert page.fields["name"] == ["GOLD partners"]


@pytest.mark.parametrize(
    "action",
    ["blanks:", "add:9", "remove:", "remove:0.0.0", "up:x", "exec:0", "add:0.0", "pick:x", "drop:", ""],
)
def test_a_forged_button_does_nothing(page, action, tier):
    page.open(HOME + "new/")
    page.press("add:")
    page.put("c:0:field", tier)
    page.press(action)

    assert page.response.status_code == 200
    assert page.fields["c:0:field"] == [tier]


@pytest.mark.parametrize(
    "forged",
    [
        {"c:0:field": "self:9999"}, {"c:0:field": "__class__:1"}, {"c:0:op": "__init__"}, {"c:0:v": "bronze"},
        {"c:0.0.0.0:field": "self:1"}, {"g:": "some"}, {"c:0:blank": "perhaps"}, {"kind": "secret"},
    ],
)  # fmt: skip
def test_a_forged_rule_is_refused_or_read_as_nothing(page, acme, inside, tier, forged):
    page.open(HOME + "new/")
    page.press("add:")
    page.put("c:0:field", tier)
    page.press("refresh")
    page.put("c:0:v", "gold")
    page.fill(name="Forged")
    for name, value in forged.items():
        page.put(name, value)
    page.press("save")

    with inside(acme):
        made = Segment.objects.filter(name="Forged").first()
        if made is not None:
            leaf = {"p": int(tier[5:]), "of": "self", "op": "is_any_of", "v": ["gold"]}
            assert made.builds.get().tree == new_tree("partner", leaf)


def test_an_edited_rule_tells_who_would_join_and_leave(page, brightpath, kestrel, gold):
    page.open(f"{HOME}{gold.pk}/")
    page.put("c:0:v", "silver")
    page.press("preview")

    assert re.search(r'class="who">1 joins</span> Kestrel', page.html)
    assert re.search(r'class="who">1 leaves</span> Brightpath', page.html)
    page.press("save")
    assert "Nobody joins and nobody leaves" in page.html


def test_an_option_that_is_gone_is_shown_at_its_row(page, acme, inside, gold):
    from workspaces.models import Property
    from workspaces.properties import save_property

    with inside(acme):
        prop = Property.objects.get(level="partner", key="tier")
        prop.options = [option for option in prop.options if option["value"] != "gold"]
        save_property(prop)
    page.open(f"{HOME}{gold.pk}/")

    assert "“gold” is no longer an option of Tier, so it matches nobody." in page.html


class TestStatic:
    def test_a_list_is_pasted_and_what_fits_nobody_is_explained(self, page, acme, inside, pat, sam):
        page.open(HOME + "new/?level=contact&kind=static")
        page.fill(name="Pilots", paste="pat@example.com\nghost@example.com")
        page.press("paste")

        assert page.fields["added"] == [str(pat.pk)]
        assert page.fields["paste"] == ["ghost@example.com"]
        assert "1 line left above fits nobody here" in page.html
        page.press("save")
        with inside(acme):
            assert Segment.objects.get(name="Pilots").member_count == 1

    def test_somebody_is_found_added_and_taken_off(self, page, pat, sam):
        page.open(HOME + "new/?level=contact&kind=static")
        page.fill(find="sam")
        page.press("refresh")
        assert f"pick:{sam.pk}" in page.html
        page.press(f"pick:{sam.pk}")
        assert page.fields["added"] == [str(sam.pk)]
        page.press(f"drop:{sam.pk}")
        assert page.fields["added"] == [""]

    def test_a_long_list_is_edited_by_what_changes_alone(self, page, acme, inside, pat, sam, brightpath):
        rest = [make_contact(acme, f"pilot{n:02}", brightpath) for n in range(60)]
        with inside(acme):
            about = {"level": "contact", "kind": "static", "name": "Pilots", "by": ADA}
            made = editing.create(members=[one.pk for one in rest], **about)
        page.open(f"{HOME}{made.pk}/")
        assert page.html.count('value="drop:') == 50
        page.press("turn:2")
        assert page.html.count('value="drop:') == 10
        page.put("on-list", "pilot03")
        page.press("refresh")
        page.press(f"drop:{rest[3].pk}")
        page.press(f"pick:{sam.pk}")
        assert (page.fields["added"], page.fields["dropped"]) == ([str(sam.pk)], [str(rest[3].pk)])
        assert "(1 new, 1 taken off, not saved yet)" in re.sub(r"\s+", " ", page.html)
        page.press(f"drop:{rest[4].pk}")
        page.press(f"back:{rest[4].pk}")
        page.press("save")
        with inside(acme):
            made.refresh_from_db()
            kept = set(made.static_members.values_list("subject_id", flat=True))
        assert kept == {one.pk for one in rest if one != rest[3]} | {sam.pk}

    def test_a_contact_of_another_workspace_cannot_be_put_on_it(self, page, acme, inside, eve):
        page.open(HOME + "new/?level=contact&kind=static")
        page.press(f"pick:{eve.pk}")
        assert page.fields["added"] == [""]
        page.fill(name="Forged", added=str(eve.pk))
        page.press("save")
        with inside(acme):
            assert Segment.objects.get(name="Forged").static_members.count() == 0


class TestList:
    def test_it_says_level_kind_members_and_use(self, client, acme, inside, brightpath, kestrel, gold):
        with inside(acme):
            audience = Audience.objects.create(mode="only")
            AudienceSegment.objects.create(audience=audience, segment=gold)
        html = client.get(HOME).content.decode()
        row = re.sub(r"<[^>]+>|\s+", " ", html[html.index(f"row-{gold.pk}") :].split("</tr>")[0])

        assert "Gold partners" in row
        assert "Tier is Gold" in row
        assert re.search(r"Partner +Dynamic +1 +of 2 +1 place", row)

    def test_a_rule_that_asks_for_it_is_a_use_too(self, client, acme, inside, gold):
        assert re.findall(r'class="row-link"[^>]*>([^<]+)<', client.get(HOME + "?used=yes").text) == []
        asks = {"p": "segments", "of": "self", "op": "in_any", "v": [str(gold.pk)]}
        with inside(acme):
            who = {"level": "partner", "kind": "dynamic", "name": "By way of gold", "by": ADA}
            editing.create(tree=new_tree("partner", asks), **who)
        html = client.get(HOME + "?used=yes&sort=-used").text
        assert re.findall(r'class="row-link"[^>]*>([^<]+)<', html) == ["Gold partners"]
        assert "1 place" in html

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("?q=gold", ["Gold partners"]),
            ("?q=zzz", []),
            ("?level=partner", ["Gold partners"]),
            ("?kind=static", []),
            ("?used=yes", []),
            ("?kind=role&q=admin", ["Role is Admin"]),
            ("?q=old&archived=1", ["Gold partners", "Old one"]),
        ],
    )
    def test_filters_live_in_the_address(self, client, acme, inside, gold, make_segment, query, names):
        old = make_segment("Old one", ("tier", "is_any_of", ["silver"]))
        with inside(acme):
            editing.archive(old, by=ADA)
        html = client.get(HOME + query).content.decode()

        assert re.findall(r'class="row-link"[^>]*>([^<]+)<', html) == names

    def test_a_new_workspace_is_offered_three_recipes(self, client):
        html = client.get(HOME).content.decode()
        assert re.findall(r"\?recipe=(\w+)", html) == ["onboarding", "gold", "sales"]

    @pytest.mark.parametrize("recipe", ["onboarding", "gold", "sales"])
    def test_a_recipe_can_be_saved_as_it_is(self, page, acme, inside, pat, sam, recipe):
        page.open(f"{HOME}new/?recipe={recipe}")
        page.press("save")
        with inside(acme):
            assert Segment.objects.filter(built_in_key=None).get().member_count == 1

    @pytest.mark.parametrize("count", [1, 30])
    def test_it_costs_the_same_for_one_and_thirty(
        self, client, make_segment, acme, count, django_assert_num_queries
    ):
        for n in range(count):
            make_segment(f"S{n:02}", ("tier", "is_any_of", ["gold"]))
        client.get(HOME)
        with django_assert_num_queries(26):
            client.get(HOME)


class TestMembers:
    def test_it_says_since_when_and_why(self, client, acme, inside, brightpath, kestrel, gold):
        from workspaces.properties import set_properties

        with inside(acme):
            set_properties(kestrel, {"tier": "gold"}, by=ADA)
        html = client.get(f"{HOME}{gold.pk}/members/").content.decode()

        assert "Fitted when the segment was made by Ada" in html
        assert "Tier went from Silver to Gold, by Ada" in html

    def test_it_can_be_searched(self, client, brightpath, gold):
        assert "Brightpath" in client.get(f"{HOME}{gold.pk}/members/?q=bri").content.decode()
        assert "No member is called" in client.get(f"{HOME}{gold.pk}/members/?q=zzz").content.decode()


class TestLife:
    def post(self, client, segment, what):
        return client.post(f"{HOME}{segment.pk}/{what}/", follow=True).content.decode()

    def test_a_segment_in_use_is_not_deleted(self, client, acme, inside, gold):
        with inside(acme):
            audience = Audience.objects.create(mode="only")
            AudienceSegment.objects.create(audience=audience, segment=gold)
        assert "is not deleted" in self.post(client, gold, "deletion")
        with inside(acme):
            assert Segment.objects.filter(pk=gold.pk).exists()

    def test_one_that_nothing_names_is_deleted(self, client, acme, inside, gold):
        assert "is deleted" in self.post(client, gold, "deletion")
        with inside(acme):
            assert not Segment.objects.filter(pk=gold.pk).exists()

    def test_archive_restore_and_copy(self, client, acme, inside, brightpath, gold):
        assert "This segment is archived" in self.post(client, gold, "archiving")
        assert "is back" in self.post(client, gold, "restoring")
        assert "Gold partners (copy)" in self.post(client, gold, "copy")
        with inside(acme):
            assert Segment.objects.get(name="Gold partners (copy)").member_count == 1

    @pytest.mark.parametrize("what", ["archiving", "restoring", "copy", "deletion", "build"])
    def test_built_in_segments_cannot_be_touched(self, client, acme, inside, what):
        with inside(acme):
            role = Segment.objects.get(built_in_key="role:admin")
        assert client.post(f"{HOME}{role.pk}/{what}/").status_code == 404


def test_of_a_role_the_team_sets_permissions_alone(client, acme, inside):
    with inside(acme):
        role = Segment.objects.get(built_in_key="role:sales_rep")
    body = {"name": "Taken over", "permissions-invite": "deny", "permissions-restricted": "restricted"}
    assert client.post(f"{HOME}{role.pk}/", {**body, "do": "save"}).status_code == 302
    assert client.post(f"{HOME}{role.pk}/", {**body, "do": "add:"}).status_code == 422
    with inside(acme):
        role.refresh_from_db()
        assert (role.name, role.builds.count()) == ("Role is Sales rep", 1)
        assert (role.permission.invite, role.permission.restricted) == ("deny", True)
    page = client.get(HOME).content.decode()
    assert "May not invite colleagues" in page
    assert "Sees only what they collaborate on" in page


def test_a_form_that_nobody_saved_yet_is_not_told_what_it_lacks(client):
    begun = {"name": "", "kind": "dynamic", "level": "partner", "g:": "all"}

    assert "This field is required" not in client.post(f"{HOME}new/", begun | {"do": "add:"}).text
    assert "This field is required" in client.post(f"{HOME}new/", begun | {"do": "save"}).text


def test_what_narrows_everybody_until_it_is_counted_says_so(client, gold):
    warning = "Until everybody has been counted for the first time"
    assert warning in client.get(f"{HOME}new/").text
    assert warning not in client.get(f"{HOME}{gold.pk}/").text


def test_permissions_are_saved_with_the_segment_and_stay_when_they_are_not_sent(page, acme, inside, gold):
    page.open(f"{HOME}{gold.pk}/")
    page.put("permissions-invite", "allow")
    page.put("permissions-restricted", "restricted")
    page.press("save")
    for name in ("permissions-invite", "permissions-restricted"):
        del page.fields[name]
    page.press("save")
    with inside(acme):
        gold.refresh_from_db()
        assert (gold.permission.invite, gold.permission.restricted) == ("allow", True)


@pytest.mark.parametrize("what", ["archiving", "deletion"])
def test_what_narrows_does_not_go_just_like_that(client, acme, inside, gold, what):
    with inside(acme):
        permissions.set_permissions(gold, invite="inherit", restricted=True)
    answer = client.post(f"{HOME}{gold.pk}/{what}/", follow=True).content.decode()
    assert "Set its permissions to Inherit first" in answer
    with inside(acme):
        assert Segment.objects.get(pk=gold.pk).archived_at is None
        permissions.set_permissions(gold, invite="allow", restricted=False)
    client.post(f"{HOME}{gold.pk}/{what}/")
    with inside(acme):
        assert not Segment.objects.filter(pk=gold.pk, archived_at=None).exists()


PAGES = ["", "members/"]
POSTS = ["", "archiving/", "restoring/", "copy/", "deletion/", "build/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_segment_of_another_workspace_is_not_there(otto, as_user, gold, path):
    assert as_user(otto).get(f"/globex/settings/segments/{gold.pk}/{path}").status_code == 404
    assert as_user(otto).get(f"{HOME}{gold.pk}/{path}").status_code == 404


@pytest.mark.parametrize("path", POSTS)
def test_nor_can_it_be_changed_from_there(otto, as_user, gold, path):
    response = as_user(otto).post(f"/globex/settings/segments/{gold.pk}/{path}", {"do": "save"})
    assert response.status_code == 404


def test_times_are_told_on_the_workspaces_clock(acme, client, gold):
    acme.time_zone = "Asia/Tokyo"
    acme.save()
    assert re.search(r'<time datetime="[^"]+\+09:00" title="[^"]+ JST">just now', client.get(HOME).text)


def test_who_may_only_look_sees_it_and_cannot_change_it(acme, as_user, gold):
    client = as_user(make_member(acme, "vera", "viewer"))

    assert client.get(HOME).status_code == 200
    html = client.get(f"{HOME}{gold.pk}/").content.decode()
    assert "Save and apply" not in html
    assert client.get(HOME + "new/").status_code == 403
    for path in POSTS:
        assert client.post(f"{HOME}{gold.pk}/{path}", {"do": "save"}).status_code == 403


def test_a_contact_has_no_business_here(as_user, pat, gold):
    for path in ("", "new/", f"{gold.pk}/", f"{gold.pk}/members/"):
        assert as_user(pat).get(HOME + path).status_code == 404


def test_htmx_gets_the_rail_or_the_form_alone(client, gold):
    headers = {"HX-Request": "true"}
    rail = client.post(f"{HOME}{gold.pk}/", {"do": "preview", "g:": "all"}, headers=headers).content.decode()
    form = client.post(f"{HOME}{gold.pk}/", {"do": "add:", "g:": "all"}, headers=headers).content.decode()

    assert "<html" not in rail + form
    assert 'id="segment-form"' not in rail
    assert 'id="segment-form"' in form
    assert 'id="rail"' in form


def test_a_segment_that_asks_for_another_is_made_in_the_form(acme, inside, client, page, gold, brightpath):
    page.open(f"{HOME}new/?level=partner")
    page.fill(name="Golden and more")
    page.press("add:")
    page.put("c:0:field", "self:segments")
    page.press("refresh")
    page.put("c:0:op", "in_any")
    page.put("c:0:v", str(gold.pk))
    assert "Golden and more" in page.press("save").content.decode()

    with inside(acme):
        made = Segment.objects.get(name="Golden and more")
        tree = made.builds.get(number=made.live_build).tree
        assert sentence_text(tree, fields_of("partner")) == "Partners that are in Gold partners."
        assert made.member_count == 1


def test_a_share_keeps_its_draw_through_the_form(acme, inside, page):
    leaf = {"p": "chance", "of": "self", "op": "below", "v": {"percent": 25, "salt": "spring"}}
    with inside(acme):
        made = editing.create(
            level="contact",
            kind=Segment.Kind.DYNAMIC,
            name="A quarter",
            tree=new_tree("contact", leaf),
            by=ADA,
        )
    page.open(f"{HOME}{made.pk}/")
    page.put("c:0:v", "30")
    page.press("save")

    with inside(acme):
        made.refresh_from_db()
        value = made.builds.get(number=made.live_build).tree["root"]["items"][0]["v"]
        assert value == {"percent": 30, "salt": "spring"}
