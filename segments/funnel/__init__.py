"""How people move through stages: the options of a property, or several segments in an order."""
