"""A report links to its site and to the PDF beside it; by itself it links to nothing."""

from csi_lib.report.standalone import one_folder_up, without_way

PAGE = '<body>\n<nav class="way" aria-label="x"><a href="../../../index.html">a</a> <a href="report.pdf">PDF</a></nav>\n<p>t</p>'


def test_an_edition_that_stands_one_folder_higher_leads_to_the_same_places():
    moved = one_folder_up(PAGE, "en")
    assert 'href="../../index.html"' in moved
    assert 'href="report.en.pdf"' in moved


def test_a_delivered_page_has_no_links_that_lead_nowhere():
    assert without_way(PAGE) == "<body>\n<p>t</p>"


def test_pages_without_a_way_stay_as_they_are():
    assert one_folder_up("<p>t</p>", "en") == without_way("<p>t</p>") == "<p>t</p>"
