import os
from pathlib import Path

import pytest

from nas.data.folders import index_folder
from nas.errors import UserError
from tests.data_room.pictures import make_folder, save_picture


def test_class_folders_become_one_part(tmp_path: Path) -> None:
    index = index_folder(make_folder(tmp_path, {"dog": 2, "cat": 1}))
    assert index.class_names == ("cat", "dog")
    assert index.files == {
        "train": {
            "cat": (str(Path("cat", "00000.png")),),
            "dog": (str(Path("dog", "00000.png")), str(Path("dog", "00001.png"))),
        }
    }


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Val"])
def test_part_folders_are_recognized(tmp_path: Path, validation: str) -> None:
    counts = {"train/a": 2, "train/b": 2, f"{validation}/a": 1, "test/a": 1, "test/b": 1}
    index = index_folder(make_folder(tmp_path, counts))
    assert set(index.files) == {"train", "validation", "test"}
    assert len(index.files["validation"]["a"]) == 1


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    index = index_folder(make_folder(tmp_path, {"train": 2, "bus": 2, "test": 1}))
    assert index.class_names == ("bus", "test", "train")


def test_class_folders_are_searched_to_any_depth(tmp_path: Path) -> None:
    index = index_folder(make_folder(tmp_path, {"a/x/y": 2, "a": 1, "b": 1}))
    assert len(index.files["train"]["a"]) == 3


def test_hidden_and_other_files_are_passed_over_and_counted(tmp_path: Path) -> None:
    make_folder(tmp_path, {"a": 1, "b": 1, ".cache": 3})
    for name in (".DS_Store", "Thumbs.db", "notes.txt", "._00000.png"):
        (tmp_path / "a" / name).write_bytes(b"x")
    (tmp_path / "README.md").write_text("about")
    save_picture(tmp_path / "b" / ".trash" / "gone.png")
    index = index_folder(tmp_path)
    assert index.class_names == ("a", "b")
    assert len(index.files["train"]["a"]) == 1
    assert len(index.files["train"]["b"]) == 1
    assert index.ignored_files == 5


def test_suffixes_in_capitals_are_images(tmp_path: Path) -> None:
    make_folder(tmp_path, {"a": 1, "b": 1})
    (tmp_path / "a" / "00000.png").rename(tmp_path / "a" / "PHOTO.PNG")
    assert index_folder(tmp_path).files["train"]["a"] == (str(Path("a", "PHOTO.PNG")),)


def test_an_empty_class_folder_is_named(tmp_path: Path) -> None:
    make_folder(tmp_path, {"a": 1, "b": 0})
    with pytest.raises(UserError, match=r"/b: a class folder needs at least one image.* remove"):
        index_folder(tmp_path)


def test_a_folder_without_folders_is_named(tmp_path: Path) -> None:
    save_picture(tmp_path / "lonely.png")
    with pytest.raises(UserError, match="holds one folder of files for each class, found no"):
        index_folder(tmp_path)


def test_a_test_folder_without_train_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path, {"test/a": 1, "val/a": 1})
    with pytest.raises(UserError, match="beside test and val there must be a folder named train"):
        index_folder(tmp_path)


def test_a_test_folder_without_class_folders_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path, {"train/a": 1, "train/b": 1, "test": 3})
    with pytest.raises(UserError, match="/test: a data folder holds one folder of files for each"):
        index_folder(tmp_path)


def test_two_validation_folders_are_refused(tmp_path: Path) -> None:
    make_folder(tmp_path, {"train/a": 1, "val/a": 1, "valid/a": 1})
    with pytest.raises(UserError, match="hold the validation examples, but val and valid both"):
        index_folder(tmp_path)


def test_a_link_out_of_the_folder_is_refused_by_name(tmp_path: Path) -> None:
    outside = save_picture(tmp_path / "outside.png")
    data = make_folder(tmp_path / "data", {"a": 1, "b": 1})
    (data / "a" / "link.png").symlink_to(outside)
    with pytest.raises(UserError, match=r"a/link\.png: a link must not lead out of the data"):
        index_folder(data)


def test_a_second_link_to_an_image_of_the_class_is_passed_over(tmp_path: Path) -> None:
    make_folder(tmp_path, {"a": 1, "b": 1})
    (tmp_path / "a" / "again.png").symlink_to("00000.png")
    index = index_folder(tmp_path)
    assert len(index.files["train"]["a"]) == 1
    assert index.ignored_files == 1


@pytest.mark.parametrize(("link", "target"), [("test", "train"), ("train", "test")])
def test_a_link_into_another_split_is_refused(tmp_path: Path, link: str, target: str) -> None:
    make_folder(tmp_path, {"train/a": 1, "train/b": 1, "test/a": 1, "test/b": 1})
    (tmp_path / link / "a" / "twin.png").symlink_to(tmp_path / target / "a" / "00000.png")
    with pytest.raises(UserError, match="must be in one class folder only"):
        index_folder(tmp_path)


def test_links_into_a_pool_beside_the_parts_are_followed(tmp_path: Path) -> None:
    pool = save_picture(tmp_path / "pool" / "all" / "1.png")
    make_folder(tmp_path, {"train/a": 1, "train/b": 1})
    (tmp_path / "train" / "a" / "pooled.png").symlink_to(pool)
    assert len(index_folder(tmp_path).files["train"]["a"]) == 2


def test_a_linked_folder_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path, {"a": 1, "b": 1})
    (tmp_path / "c").symlink_to(tmp_path / "a", target_is_directory=True)
    with pytest.raises(UserError, match="/c: a folder in the data folder must not be a link"):
        index_folder(tmp_path)
    (tmp_path / "c").unlink()
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(UserError, match="loop: a folder in the data folder must not be a link"):
        index_folder(tmp_path)


def test_an_unreadable_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_folder(tmp_path, {"a": 1, "b": 1})

    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", f"{path}/locked")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UserError, match="/locked: the data folder must be readable: Permission"):
        index_folder(tmp_path)


def test_thousands_of_files_are_listed_in_a_fixed_order(tmp_path: Path) -> None:
    original = save_picture(tmp_path / "data" / "a" / "0.png")
    (tmp_path / "data" / "b").mkdir()
    for number in range(3000):
        (tmp_path / "data" / "ab"[number % 2] / f"{number + 1}.png").hardlink_to(original)
    index = index_folder(tmp_path / "data")
    files = index.files["train"]
    assert (len(files["a"]), len(files["b"])) == (1501, 1500)
    assert files["a"] == tuple(sorted(files["a"]))
