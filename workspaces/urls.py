"""Routes of partners, contacts, properties and the team, and of signing in."""

person_urlpatterns: list = []
settings_urlpatterns: list = []
