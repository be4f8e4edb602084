"""The browser to look at pages with: a Chromium on the PATH, if there is one.

The environment's CHROMIUM names another, or none that exists: "none".
"""

from __future__ import annotations
import os
import shutil

NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]
CHOSEN = os.environ.get("CHROMIUM")
CHROMIUM = next(filter(None, map(shutil.which, [CHOSEN] if CHOSEN else NAMES)), None)
# It must not call home, nor need a graphics card or a user of its own.
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
