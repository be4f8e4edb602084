"""Run the notes' programs, publish what they made, and check that it still holds.

pages     a page's source: its cells, claims, numbers, and what it must not have
parts     a page as a list of parts, with cells, outputs and numbers in place
forms     what is made of the parts: the site's Markdown, page.md, notebook, script
program   the blocks of a page, run in order in a fresh interpreter: its record
claims    a statement's bound, its interval over the seeds, and whether it holds
figures   a figure's data as JSON, its drawing as SVG, and both compared
markdown  the Python-Markdown extension that shows all this on a page

What a page names: references and glossary. Where it is published: names. What a block
needs to run alone: standalone, by its effects.
Running without waiting: memo (a statement's effects, kept), forks (many programs at
once), serve (`mkdocs serve`, within a second). Written whole or not at all: files. What
changed, and whether tests notice: report, faults, mutants. How the site is to its
readers: light (what a browser waits for), audit (measured as it is served).
"""
