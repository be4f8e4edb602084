"""What MkDocs needs, and how the site is to its readers."""
