"""Run the notes' programs, publish what they made, and check that it still holds.

project   the folder of a project, its settings, how its source files are read
page      a page's source: parts, cells, claims, what it quotes, what a block needs
forms     what is made of the parts: the site's Markdown, page.md, notebook, script
site      what MkDocs needs, and how the site is to its readers
inside    what runs in a program's own interpreter
check     programs and their records, compared and published; whether tests notice

CONTRIBUTING.md has the picture, and what each may import; `make lint` holds it.
"""
