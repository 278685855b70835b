"""A headless Chromium for the tests of pages, with no network but this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def _missing() -> str | None:
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "selenium is not installed: pip install selenium"
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        return "Chromium is not installed: apt-get install chromium chromium-driver"
    return None


@contextmanager
def chromium(folder: Path, *, width: int = 1400, height: int = 1000) -> Iterator[Any]:
    """Start a browser; skip the test where there is none, unless REQUIRE_CHROMIUM is set.

    Args:
        folder: Where its profile is kept.
        width: Of the window, in pixels; below 500 it is a phone's.
        height: Of the window, in pixels.
    """
    missing = _missing()
    if missing is not None:
        assert not os.environ.get("REQUIRE_CHROMIUM"), missing
        pytest.skip(missing)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--window-size={width},{height}",
        f"--user-data-dir={folder}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        yield driver
    finally:
        driver.quit()


def opened(driver: Any, address: str) -> Any:
    """Open a page and wait until its scripts are done."""
    from selenium.webdriver.support.ui import WebDriverWait

    driver.get(address)
    WebDriverWait(driver, 60).until(
        lambda each: each.execute_script("return document.documentElement.dataset.ready === 'yes'")
    )
    return driver
