"""How a connection is doing, and what people can do about it."""
