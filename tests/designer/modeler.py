"""bpmn-js in a real browser: the modeler of demo.bpmn.io, without any descriptor of our extensions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

MODELER_FOLDER = Path(__file__).parent / "modeler"
_BPMN_JS = MODELER_FOLDER / "node_modules" / "bpmn-js" / "dist" / "bpmn-modeler.production.min.js"

#: the browser that the machine has, if any
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Modeler:
    """A page in which diagrams are opened, edited and saved, one after the other."""

    def __init__(self, page: Page) -> None:
        assert _BPMN_JS.is_file(), "run `make setup` first"
        self._page = page
        page.set_content('<div id="canvas" style="width: 2000px; height: 1200px"></div>')
        for script in (_BPMN_JS, MODELER_FOLDER / "edits.js"):
            page.add_script_tag(path=script)

    def redraw(self, diagram: bytes, edit: str) -> bytes:
        """The diagram as the modeler saves it after one of the edits of `edits.js`."""
        saved: str = self._page.evaluate("redraw", [diagram.decode(), edit])
        return saved.encode()


@contextmanager
def open_modeler() -> Iterator[Modeler]:
    """A browser with the modeler in it, as long as the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        try:
            yield Modeler(browser.new_page())
        finally:
            browser.close()
