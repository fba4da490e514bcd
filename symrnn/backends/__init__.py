"""Back ends: a Program as source code in some language. Each is a folder of its own."""
