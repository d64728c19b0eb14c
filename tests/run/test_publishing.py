"""A restricted report is closed to others in every language, and nothing above its folder is touched."""

import pytest

from csi_lib.run.publishing import _swap


@pytest.mark.parametrize("below", ["restricted/north/2024", "restricted/north/2024/en"])
def test_restricted_folders_are_for_their_owner_only(tmp_path, below):
    tmp_path.chmod(0o755)
    staging = tmp_path / "staging"
    staging.mkdir()
    final = tmp_path / below
    _swap(staging, final, restricted=True)
    mode = lambda folder: folder.stat().st_mode & 0o777
    while final != tmp_path:
        assert mode(final) == 0o700, final
        final = final.parent
    assert mode(tmp_path) == 0o755
