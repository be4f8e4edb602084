"""Run the notes' programs, publish what they made, and check that it still holds.

project   the folder of a project, its settings, how its source files are read
page      a page's source: parts, cells, claims, what it quotes, what a block needs
forms     what is made of the parts: the site's Markdown, page.md, notebook, script
site      what MkDocs needs, how the site is served, and measuring it
inside    what runs in a program's own interpreter
check     running programs, comparing and publishing their records; testing the tests

CONTRIBUTING.md has a diagram, and what each may import; `make lint` checks that.
"""
