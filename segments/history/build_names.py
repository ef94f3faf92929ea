"""The names behind one entry of the activity: who joined and who left with a build."""

from datetime import datetime
from functools import cached_property

from django.core.paginator import Page, Paginator
from django.db.models.expressions import RawSQL

from segments.engine import lists
from segments.models import Build
from workspaces.tenancy import current_workspace_id

PAGE = 50
SIDES = {"joined": "joined", "left": '"left"'}
MOVED = (
    "SELECT unnest({side}) FROM segments_buildchange"
    " WHERE workspace_id = %s AND build_id = %s AND (%s::timestamptz IS NULL OR at = %s)"
)


class BuildNames:
    def __init__(self, build: Build, params):
        self.build = build
        self.side = "left" if params.get("side") == "left" else "joined"
        self.at = _moment(params.get("at", ""))
        self.page_number = params.get("page")

    @cached_property
    def page(self) -> Page:
        return Paginator(self._found(self.side), PAGE).get_page(self.page_number)

    @cached_property
    def counts(self) -> dict[str, int]:
        rows = self.build.changes.all() if self.at is None else self.build.changes.filter(at=self.at)
        pairs = list(rows.values_list("joined_count", "left_count"))
        return {"joined": sum(joined for joined, _ in pairs), "left": sum(left for _, left in pairs)}

    @property
    def deleted(self) -> int:
        """Who was moved and is no longer there."""
        return self.counts[self.side] - self.page.paginator.count

    def _found(self, side: str):
        params = [current_workspace_id(), self.build.pk, self.at, self.at]
        moved = RawSQL(MOVED.format(side=SIDES[side]), params)  # noqa: S611 - one of two literals
        records = lists.MODELS[self.build.segment.level].objects.filter(pk__in=moved)
        if self.build.segment.level == "contact":
            records = records.select_related("partner")
        return records.order_by("name", "pk")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
