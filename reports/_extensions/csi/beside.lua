-- The embedded engine's shortcut: while pandoc makes the HTML of a document, the Typst text of the same document is made
-- from the same reading. First filter of the chain, so that what it gets is what the Typst chain would get.

function Pandoc(doc)
  local order = pandoc.json.decode(os.getenv("CSI_BESIDE"))
  local copy = doc:clone()
  if order.numbering ~= "" then copy.meta["section-numbering"] = pandoc.MetaString(order.numbering) end
  local format = "typst"
  FORMAT = format
  for _, filter in ipairs(order.filters) do
    if filter == "citeproc" then
      copy, format = pandoc.utils.citeproc(copy), "typst-citations" -- they are words by then
    else
      copy = pandoc.utils.run_lua_filter(copy, filter)
    end
  end
  FORMAT = "html5"
  local file <close> = assert(io.open(order.template, "r"))
  local options = pandoc.WriterOptions({
    template = pandoc.template.compile(file:read("a"), order.template), wrap_text = "none",
  })
  local target <close> = assert(io.open(order.target, "w"))
  target:write((pandoc.write(copy, format, options):gsub("\n*$", "\n")))
end
