import os
import stat
from pathlib import Path

import pytest

from launcher.configuration.credentials import load_credentials
from launcher.configuration.data_dir import (
    DataDir,
    check_free_space,
    locked,
    make_private_dir,
    open_data_dir,
)
from launcher.errors import LauncherError


def test_a_newer_layout_is_refused(data: DataDir) -> None:
    (data.root / "VERSION").write_text("99\n")

    with pytest.raises(LauncherError, match=r"newer version of ragapp.*--data-dir"):
        open_data_dir(data.root)


def test_an_older_layout_is_refused(data: DataDir) -> None:
    (data.root / "VERSION").write_text("1\n")

    with pytest.raises(LauncherError, match=r"cannot be upgraded.*--data-dir"):
        open_data_dir(data.root)


def test_directory_that_cannot_be_created_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(LauncherError, match=str(tmp_path / "file" / "var")):
        open_data_dir(tmp_path / "file" / "var")


def test_existing_directory_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    open_data_dir(tmp_path)

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


def test_full_disk_is_reported(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match=r"disk is full: \d+ MB free"):
        check_free_space(tmp_path, 1 << 60)


def test_lock_has_one_holder(data: DataDir) -> None:
    in_use = rf"in use by \./run \(process {os.getpid()}\)"
    with locked(data, "run"):
        with pytest.raises(LauncherError, match=in_use), locked(data, "run"):
            pass
        with locked(data, "manage", wait_for="manage") as held:
            assert not held

    with locked(data, "manage", wait_for="manage") as held:
        assert held


def test_sockets_are_outside_when_the_path_is_too_long(tmp_path: Path) -> None:
    short, long = DataDir(Path("/srv/ragapp")), DataDir(tmp_path / ("x" * 120))

    assert short.sockets == Path("/srv/ragapp/run")
    assert long.sockets.parent == Path("/tmp")
    assert long.sockets != DataDir(tmp_path / ("y" * 120)).sockets


def test_socket_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "sockets").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(LauncherError, match="belongs to someone else"):
        make_private_dir(tmp_path / "sockets", uid=os.getuid(), gid=os.getgid())


def test_secrets_are_generated_once_and_private(data: DataDir) -> None:
    first = load_credentials(data)

    assert load_credentials(data) == first
    assert len(first.secret_key) >= 50
    assert len({*vars(first).values()}) == len(vars(first))
    assert stat.S_IMODE(data.secrets.stat().st_mode) == 0o600


def test_unreadable_secrets_are_not_replaced(data: DataDir) -> None:
    data.secrets.write_text("{ cut")

    with pytest.raises(LauncherError, match="restore it from a backup"):
        load_credentials(data)
    assert data.secrets.read_text() == "{ cut"
