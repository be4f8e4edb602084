"""The browser to look at pages with: a Chromium on the PATH, if there is one.

The environment variable CHROMIUM names another; "none" means that there is none.
"""

from __future__ import annotations

import os
import shutil

NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]
CHOSEN = os.environ.get("CHROMIUM")
CHROMIUM = next(filter(None, map(shutil.which, [CHOSEN] if CHOSEN else NAMES)), None)
# It must ask no other host, and run as root and without a graphics card.
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
