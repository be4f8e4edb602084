"""Run the notes' programs, publish what they made, and check that it still holds.

pages     a page as text: its Markdown with cells, outputs and numbers in place
program   the blocks of a page, run in order in a fresh interpreter: its record
claims    a statement's bound, its interval over the seeds, and whether it holds
figures   a figure's data as JSON, its drawing as SVG, and both compared
markdown  the Python-Markdown extension that shows all this on a page

What a page names: references and glossary. What a reader takes away: standalone (what
a block needs to run alone, by its effects), downloads, notebook, and beside (pages as
Markdown).
Running without waiting: memo (a statement's effects, kept), forks (many programs at
once), serve (`mkdocs serve`, within a second). Written whole or not at all: files. What
changed, and whether tests notice: report, faults, mutants. How the site is to its
readers: light (what a browser waits for), audit (measured as it is served).
"""
