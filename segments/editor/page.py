"""The state of the editor's page: the form, the draft of the rule or the list, and what they would do."""

from functools import cached_property
from typing import cast

from django.utils import timezone

from segments import consequences, linting, moving, uses
from segments.consequences import Said
from segments.editor import preview as previewing
from segments.editor.builder import GroupBox, build
from segments.editor.checks_block import ChecksBlock
from segments.editor.draft import Draft, prune
from segments.editor.forms import SegmentForm
from segments.editor.list_block import LISTING, ListBlock
from segments.editor.notifications_block import NotificationsBlock
from segments.editor.overtaken import Overtaken, Seen, since
from segments.editor.permissions_block import PermissionsBlock
from segments.editor.recipes import RECIPES
from segments.editor.unfinished import kept
from segments.effects import Consequences
from segments.engine import exceptions, lists, publishing
from segments.engine.definitions import fields_of
from segments.models import Build, Segment
from segments.rules.fields import Fields
from segments.rules.tree import conditions
from segments.rules.validate import check
from workspaces.models import TeamMember

NONE = 0  # the number of a segment and of a build that are not there yet


class Editor:
    def __init__(self, *, segment: Segment | None, member: TeamMember, data=None, params=None):
        self.segment, self.member, self.data = segment, member, data
        self.recipe = RECIPES.get((params or {}).get("recipe", ""))
        self.form = SegmentForm(data, segment=segment, initial=self._initial(params or {}))
        self.show_errors = False
        self.asks = False  # whether so much would change that somebody has to say that it is meant
        self.told: Overtaken | None = (
            None  # what somebody else saved meanwhile, where nothing was saved for it
        )

    def _initial(self, params) -> dict:
        if self.segment is not None:
            return {name: getattr(self.segment, name) for name in ("name", "description", "kind")}
        start = {"level": "partner", "kind": Segment.Kind.DYNAMIC}
        if self.recipe:
            return start | self.recipe.initial
        return start | {key: params[key] for key in ("level", "kind") if key in params}

    @property
    def level(self) -> str:
        if self.segment is not None:
            return self.segment.level
        level = self.form["level"].value()
        return level if level in Segment.Level.values else "partner"

    @property
    def kind(self) -> str:
        kind = self.form["kind"].value()
        return kind if kind in Segment.Kind.values else Segment.Kind.DYNAMIC

    @property
    def static(self) -> bool:
        return self.kind == Segment.Kind.STATIC

    @cached_property
    def fields(self) -> Fields:
        return fields_of(self.level)

    @cached_property
    def draft(self) -> Draft:
        if self.data is not None:
            return Draft.from_form(self.data)
        if self.recipe:
            return Draft.from_tree(self.recipe.tree(self.fields), self.fields)
        return Draft.from_tree(self.stored_tree, self.fields)

    @cached_property
    def exceptions(self) -> tuple[int, int] | None:
        """How many are always in and how many never, where the segment has a rule of its own."""
        if self.segment is None or self.segment.built_in or not self.segment.by_rule:
            return None
        return exceptions.counts(self.segment)

    @cached_property
    def latest(self) -> Build | None:
        return self.segment.builds.order_by("-version").first() if self.segment else None

    @cached_property
    def drawn_from(self) -> Seen | None:
        """The state of the segment that this form was drawn from, however often it came and went since."""
        if self.segment is None:
            return None
        if self.data is not None and "seen" in self.data:
            return Seen.read(self.data["seen"])
        return Seen.of(self.segment, self.latest)

    @cached_property
    def overtaken(self) -> Overtaken | None:
        """Somebody else saved the segment meanwhile: saving this form would take that back."""
        seen = self.drawn_from
        if self.segment is None or (seen and seen.at == self.segment.updated_at):
            return None
        typed = self.checked.tree or self.draft.to_tree(self.fields)
        return since(seen, segment=self.segment, latest=self.latest, typed=typed, fields=self.fields)

    def catch_up(self) -> None:
        """What was typed stays; a rule that nobody touched in this form is replaced by the saved one. Saved once
        more, the form counts as one that has seen the other's.
        """
        if self.overtaken and self.overtaken.untouched:
            self.draft = Draft.from_tree(self.stored_tree, self.fields)
            self.__dict__.pop("checked", None)
        self.drawn_from = Seen.of(cast(Segment, self.segment), self.latest)

    @property
    def stored_tree(self) -> dict | None:
        return self.latest.tree if self.latest else None

    @cached_property
    def building(self) -> Build | None:
        return publishing.building(self.segment) if self.segment else None

    def press(self, action: str) -> None:
        """One of the named buttons."""
        verb, _, what = action.partition(":")
        if verb in LISTING:
            self.listed.press(verb, what)
        else:
            self.draft.do(action)

    # ── The rule ──

    @cached_property
    def checked(self):
        return check(self.draft.to_tree(self.fields), self.fields)

    @property
    def shown_errors(self) -> list:
        """While it is being written an unfinished row is not an error yet, except where an option is gone."""
        if self.show_errors:
            return self.checked.errors
        return [e for e in self.checked.errors if self.data is None or "no longer" in e.message]

    @cached_property
    def builder(self) -> GroupBox:
        return build(self.draft, self.fields, self.shown_errors)

    @property
    def rule_errors(self) -> list:
        """Those that belong to no row."""
        return [e for e in self.shown_errors if not e.path and self.show_errors]

    @cached_property
    def unfinished(self) -> int:
        return len({error.path for error in self.checked.errors if error.path})

    @cached_property
    def finished(self) -> dict | None:
        """The part of the rule that can be asked already."""
        tree = prune(self.draft.to_tree(self.fields), {error.path for error in self.checked.errors})
        if tree is None or not any(True for _ in conditions(tree)):
            return None
        valid = check(tree, self.fields)
        return None if valid.errors else valid.tree

    @cached_property
    def preview(self) -> previewing.Preview | None:
        if self.static:
            return None
        if self.finished is None:
            return previewing.empty(self.level)
        found = previewing.of_rule(
            self.finished, self.fields, segment=self.segment, member=self.member, exact=self.exact
        )
        # Counted is what is finished; it is told where it stands in the form.
        places = dict(kept(self.draft.to_tree(self.fields)["root"], {e.path for e in self.checked.errors}))
        found.by_node = {places.get(path, path): count for path, count in found.by_node.items()}
        return found

    @property
    def exact(self) -> bool:
        """Whether somebody waits for all to be counted; at first a part of many is enough."""
        return self.data is not None and self.data.get("do") == "exact"

    @cached_property
    def consequences(self) -> Consequences | None:
        """None where there is nothing to say, or where it would take longer than one waits while typing."""
        if self.segment is None and not any(self._said(Segment())):
            return None  # nothing names it yet, so it does nothing to anybody
        if self.segment is not None:
            if self.segment.archived_at is not None or self.segment.built_in:
                return None
            if self.data is None and self.latest and self.latest.number == self.segment.live_build:
                return Consequences()
        quick = self.static or (self.finished is not None and self.preview and not self.preview.about)
        return self.weigh() if quick else None

    def weigh(self) -> Consequences:
        """What saving would do to people, however many they are. A new segment has nobody in it yet."""
        segment = self.segment or Segment(level=self.level, kind=self.kind, number=NONE, live_build=NONE)
        tree = self.finished or self.checked.tree
        moves = (
            moving.by_list(segment, self.listed.member_ids) if self.static else moving.by_rule(segment, tree)
        )
        return consequences.of(moves, self._said(segment))

    def _said(self, segment: Segment) -> Said:
        permissions, heard = self.blocks
        return Said(permissions.said(segment), heard.said())

    @property
    def typed(self) -> str:
        return (self.data.get("test", "") if self.data else "").replace("\x00", "").strip()

    @cached_property
    def tested(self) -> previewing.Sample | None:
        """The first whose name, or address, holds what was typed."""
        record = lists.called_like(self.level, self.typed).first() if self.typed else None
        if record is None or self.finished is None:
            return None
        return previewing.of_one(self.finished, self.fields, record, member=self.member)

    @cached_property
    def listed(self) -> ListBlock:
        return ListBlock(self.data, segment=self.segment, level=self.level)

    # ── All of it ──

    def is_valid(self) -> bool:
        self.show_errors = self.form.told = True
        valid = self.form.is_valid()
        if not self.static:
            valid = valid and not self.checked.errors
        return valid and self.blocks_are_valid()

    @cached_property
    def blocks(self) -> list:
        """What members may do; apart from who they are, and saved for built-in segments too."""
        about = (PermissionsBlock, NotificationsBlock)
        return [block(self.data, segment=self.segment) for block in about]

    def blocks_are_valid(self) -> bool:
        return not [block for block in [*self.blocks, self.checks] if not block.is_valid()]

    @cached_property
    def checks(self) -> ChecksBlock:
        return ChecksBlock(self.data, segment=self.segment, level=self.level)

    @cached_property
    def findings(self) -> list[linting.Finding]:
        """What looks wrong with the rule as it stands in the form; and, before it is touched, with the segment."""
        if self.static or self.unfinished:
            return []
        if self.segment is not None and self.data is None:
            return linting.of_segments([self.segment], at=timezone.now())[self.segment.pk]
        return linting.of_rule(self.checked.tree, self.fields) if self.finished else []

    @cached_property
    def uses(self) -> list[uses.Use]:
        return uses.used_in(self.segment) if self.segment else []
