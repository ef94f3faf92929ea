from portal.experiences.models.experience import Experience, Publication
from portal.experiences.models.tab import Section, Stage, Tab

__all__ = ["Experience", "Publication", "Section", "Stage", "Tab"]
