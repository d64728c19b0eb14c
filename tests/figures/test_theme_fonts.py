"""Fonts are read, not held open."""

import gc
import os
import warnings
from pathlib import Path

from csi_lib.figures import theme


def test_no_font_file_stays_open():
    def held():
        return [link for fd in os.listdir("/proc/self/fd") if (link := _target(fd)).endswith((".ttf", ".otf"))]

    before = held() if Path("/proc/self/fd").exists() else []
    theme._fonts.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        theme.drawable("가나다 ABC")
        fonts = theme._fonts("Pretendard", False)
        assert len(fonts) == 2
        if Path("/proc/self/fd").exists():
            assert held() == before
        theme._fonts.cache_clear()
        del fonts
        gc.collect()


def _target(fd: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""
