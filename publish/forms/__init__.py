"""The forms of a page, each a walk over its parts: see publish/page/parts.py."""
