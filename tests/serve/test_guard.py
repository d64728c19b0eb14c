"""Nobody but this machine's user, from the workbench's own pages, reaches anything."""

import pytest

from tests.serve.conftest import PORT


def test_the_printed_address_opens_the_session_and_nothing_else_does(call, bench):
    status, headers, _ = call("GET", f"/?token={bench.token}", signed=False)
    assert (status, headers["location"]) == (303, "/")
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=Strict" in headers["set-cookie"]
    assert bench.token not in headers["set-cookie"]
    for path in ("/", "/?token=", "/?token=wrong", "/s/demo", "/static/serve.js", f"/s/demo?token={bench.token}"):
        assert call("GET", path, signed=False)[0] == 401, path
    assert call("GET", "/", headers={"cookie": f"{bench.cookie}=guess"}, signed=False)[0] == 401
    assert call("GET", "/")[0] == 200


@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", "", None])
def test_a_foreign_name_that_resolves_here_reaches_nothing(call, host):
    assert call("GET", "/", host=host)[0] == 403


@pytest.mark.parametrize("client", ["192.0.2.7", "10.0.0.4", "", "::ffff:192.0.2.7"])
def test_other_machines_are_refused(call, client):
    assert call("GET", "/", client=client)[0] == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", f"http://127.0.0.1:{PORT + 1}", f"https://127.0.0.1:{PORT}", None]
)
def test_a_form_from_another_page_changes_nothing(call, bench, folder, origin):
    before = (folder / "demo" / "study.yml").read_bytes()
    body = f"proof={bench.proof}&text=x&version=x".encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": origin}
    assert call("POST", "/s/demo/file/study.yml", headers=headers, body=body)[0] == 403
    assert (folder / "demo" / "study.yml").read_bytes() == before


def test_a_form_without_the_proof_is_refused(post):
    assert post("/s/demo/run", proof="guess")[0] == 403
    assert post("/s/demo/run", proof="")[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/s/../../etc", "/s/demo/file/../../secret.yml", "/s/demo/file/..%2f..%2fsecret.yml", "/static/../app.py", "/static/..",
        "/s/demo/delivery/../../study.yml", "/s/demo/view/first-agency/2024/ko/../manifest.json", "/s/demo/report/../../x/2024/ko",
        "/s/secret", "/s/link", "/s/demo/file/link.yml", "/s/demo/file/.hidden",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_desk(call, folder, path):
    (folder.parent / "secret.yml").write_text("never shown")
    (folder / "link").symlink_to(folder.parent)
    (folder / "demo" / "link.yml").symlink_to(folder.parent / "secret.yml")
    status, _, text = call("GET", path)
    assert status == 404
    assert "never shown" not in text


def test_every_answer_keeps_the_page_to_itself(call):
    for path in ("/", "/s/demo/run", "/nowhere", "/static/serve.js"):
        headers = call("GET", path)[1]
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
    assert "unsafe" not in call("GET", "/")[1]["content-security-policy"]


def test_no_redirect_leaves_the_server(call):
    for back in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert call("GET", f"/lang/en?back={back}")[1]["location"] == "/"
    assert call("GET", "/lang/en?back=/s/demo")[1]["location"] == "/s/demo"


def test_what_a_study_says_is_text_not_markup(call, folder):
    path = folder / "demo" / "study.yml"
    text = path.read_text(encoding="utf-8")
    title = next(line for line in text.splitlines() if line.startswith("title:"))
    path.write_text(text.replace(title, "title: {ko: '<script>alert(1)</script>', en: '<b>x</b>'}"), encoding="utf-8")
    shown = call("GET", "/")[2]
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_more_than_is_sensible_is_not_taken(call, bench):
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": f"http://127.0.0.1:{PORT}"}
    assert call("POST", "/s/demo/run", headers={**headers, "content-length": "9000000000"})[0] == 413
    assert call("POST", "/s/demo/run", headers={**headers, "content-length": "x"})[0] == 413
    assert call("POST", "/s/demo/run", headers={**headers, "transfer-encoding": "chunked"})[0] == 411
