"""Saving loses nobody's work, and what cannot be read is not written."""

import re

import pytest

from csi_lib.serve.desk import version_of


def saved(folder, file="study.yml"):
    return (folder / "demo" / file).read_text(encoding="utf-8")


def test_a_file_is_saved_when_the_study_can_be_read_with_it(post, folder):
    text = saved(folder)
    status, _, _ = post("/s/demo/file/study.yml", text=text + "# a remark\n", version=version_of(text.encode()))
    assert status == 303
    assert saved(folder).endswith("# a remark\n")


def test_what_cannot_be_read_is_given_back_and_not_written(post, folder):
    text = saved(folder)
    broken = text.replace("years:", "yeers:")
    status, _, page = post("/s/demo/file/study.yml", text=broken, version=version_of(text.encode()))
    assert status == 422
    assert "study.yml:" in page
    assert "yeers" in page
    assert "csi-serve-" not in page  # no scratch folder in what the user reads
    assert saved(folder) == text


def test_the_second_of_two_browsers_is_told_and_keeps_what_it_typed(post, folder):
    text = saved(folder)
    version = version_of(text.encode())
    assert post("/s/demo/file/study.yml", text=text + "# the first\n", version=version)[0] == 303
    status, _, page = post("/s/demo/file/study.yml", text=text + "# the second\n", version=version)
    assert status == 409
    assert "# the first" in page
    assert "# the second" in page
    assert saved(folder).endswith("# the first\n")


def test_two_browsers_in_the_grid_lose_nothing(call, post, folder):
    page = call("GET", "/s/demo/codebook/customers")[2]
    version = re.search(r'name="version" value="(\w+)"', page)[1]
    text = saved(folder, "codebook.yml")
    first = post("/s/demo/codebook/customers", version=version, **row_of("kindness", "첫째"))
    assert first[0] == 303
    status, _, page = post("/s/demo/codebook/customers", version=version, **row_of("kindness", "둘째"))
    assert status == 409
    assert 'value="둘째"' in page
    now = saved(folder, "codebook.yml")
    assert "첫째" in now
    assert len(now.splitlines()) == len(text.splitlines())


def row_of(name, label):
    return {f"{name}.role": "item", f"{name}.scale": "five", f"{name}.label.ko": label, f"{name}.label.en": "Kindness"}


def test_a_codebook_that_contradicts_itself_is_refused_with_its_line(call, post, folder):
    version = version_of((folder / "demo" / "codebook.yml").read_bytes())
    status, _, page = post(
        "/s/demo/codebook/customers", version=version, **{**row_of("kindness", "친절"), "kindness.scale": ""}
    )
    assert status == 422
    assert "an item needs a scale" in page


def test_the_grid_shows_no_single_person(call):
    page = call("GET", "/s/demo/codebook/customers")[2]
    rows = dict(re.findall(r'<tr id="row-(\w+)".*?<td class="answers">(.*?)</td>', page, re.S))
    assert rows["respondent"] == rows["phone"] == "보이지 않음"
    counts = [int(n) for n in re.findall(r": (\d+)", rows["kindness"])]
    assert counts
    assert min(counts) >= 5


def test_an_uploaded_file_never_overwrites_and_never_leaves_the_data_folder(bench, call, folder):
    def upload(name):
        body = (
            f'--b\r\nContent-Disposition: form-data; name="proof"\r\n\r\n{bench.proof}\r\n'
            f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\na,b\n1,2\n\r\n--b--\r\n'
        ).encode()
        headers = {"content-type": "multipart/form-data; boundary=b", "origin": "http://127.0.0.1:8123"}
        return call("POST", "/s/demo/upload", headers=headers, body=body)[0]

    assert upload("wave.csv") == 303
    assert (folder / "demo/data/wave.csv").read_text() == "a,b\n1,2\n"
    assert upload("wave.csv") == 422
    assert upload("../../study.yml") == 422
    assert upload("..\\..\\over.csv") == 303
    assert (folder / "demo/data/over.csv").exists()
    assert upload("run.sh") == upload(".csv") == 422
    assert not (folder / "over.csv").exists()


@pytest.mark.parametrize("field", ["agency", "year"])
def test_what_is_no_agency_or_year_never_reaches_the_command_line(post, field):
    assert post("/s/demo/run", **{field: "--out=/elsewhere"})[0] == 404


def test_a_page_with_a_policy_of_its_own_lets_the_script_that_tells_of_clicks_run():
    import base64
    import hashlib
    import re

    from csi_lib.serve.report_pages import telling

    page = telling("<meta content=\"script-src 'sha256-abc='; x\"><body><script>own</script></body>")
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)[-1]
    assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in page.split("<body>")[0]
    assert "'sha256-abc='" in page
