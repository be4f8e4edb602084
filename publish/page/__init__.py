"""A page's source, read: the standard library and click alone."""
