"""What the builder shows: the draft, its gates in words and numbers, and how far it is from what is published."""

from functools import cached_property

from django.http import Http404

from portal.experiences import changes, content, reach, rich_text
from portal.experiences.models import Stage
from portal.experiences.sections import KINDS
from segments.uses import in_words


class Screen:
    def __init__(self, experience, *, tab=None, section=None):
        self.experience = experience
        self.tabs = list(content.rows([experience], Stage.DRAFT))
        self.section = None
        if section:
            self.tab, self.section = self._section(section)
        elif tab:
            self.tab = self._tab(tab)
        else:
            self.tab = self.tabs[0] if self.tabs else None
        self._describe()

    @cached_property
    def sections(self):
        return list(self.tab.sections.all()) if self.tab else []

    @cached_property
    def latest(self):
        return self.experience.publications.defer("content").first()

    @cached_property
    def changes(self):
        return changes.between(content.load(self.experience, Stage.PUBLISHED), content.of(self.tabs))

    @property
    def kinds(self):
        return KINDS.values()

    def _tab(self, key):
        for tab in self.tabs:
            if tab.key == key:
                return tab
        raise Http404

    def _section(self, key):
        for tab in self.tabs:
            for section in tab.sections.all():
                if section.key == key:
                    return tab, section
        raise Http404

    def _describe(self):
        """Every tab, and the sections of the selected one, with who sees them and how many that are."""
        gates = {tab.key: [tab.audience] for tab in self.tabs}
        gates |= {section.key: [self.tab.audience, section.audience] for section in self.sections}
        seen_by = reach.of(gates)
        self.everyone = seen_by[None]
        for row in [*self.tabs, *self.sections]:
            row.seen_by = seen_by[row.key]
            row.words = in_words(row.audience)
        for section in self.sections:
            section.kind_of = KINDS.get(section.kind)
            section.plain = rich_text.plain(section.body)
        if self.tabs:
            self.tabs[-1].last = True
