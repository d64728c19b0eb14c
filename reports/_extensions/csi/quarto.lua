-- Stands in for Quarto's own filters in the embedded engine (never loaded by Quarto): numbered figures,
-- tables, sections and equations with references to them, callouts, tabsets. Anything of Quarto outside
-- this subset is reported, one line `CSI-PROBLEM<tab>problem<tab>text to look for` each on stderr.

local is_typst = FORMAT:match("typst") ~= nil
local is_office = FORMAT == "json" -- DOCX and HWPX are made from the resolved document tree (office_document.py)

local words = {
  ko = { fig = "그림", tbl = "표", eq = "식", sec = "절", chapter = "장", before = false,
         note = "노트", tip = "힌트", important = "중요", warning = "경고", caution = "주의" },
  en = { fig = "Figure", tbl = "Table", eq = "Equation", sec = "Section", chapter = "Chapter", before = true,
         note = "Note", tip = "Tip", important = "Important", warning = "Warning", caution = "Caution" },
}
local say = words.ko
local stringify = pandoc.utils.stringify
local function problem(what, needle) io.stderr:write("CSI-PROBLEM\t" .. what .. "\t" .. needle .. "\n") end
local function typst(text) return pandoc.RawInline("typst", text) end
local function typst_block(text) return pandoc.RawBlock("typst", text) end
local function html_block(text) return pandoc.RawBlock("html", text) end
local function typst_string(text) return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("[\r\n]", " ") .. '"' end
local html_entity = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }
local function html_text(text) return (text:gsub('[&<>"]', html_entity)) end

-- numbers ---------------------------------------------------------------------------------------------
local number_of, count = {}, { fig = 0, tbl = 0, eq = 0 }

local function kind_of(id) return id:match("^(fig)%-.") or id:match("^(tbl)%-.") or id:match("^(sec)%-.")
    or id:match("^(eq)%-.") end

local function give_number(id)
  local kind = kind_of(id)
  if number_of[id] then problem("the identifier #" .. id .. " is used twice", "#" .. id) end
  count[kind] = count[kind] + 1
  number_of[id] = tostring(count[kind])
end

local function equation_id(inlines)
  -- `$$ … $$ {#eq-x}` arrives as display math, space, text
  for i, el in ipairs(inlines) do
    if el.t == "Math" and el.mathtype == "DisplayMath" then
      local at = (inlines[i + 1] and inlines[i + 1].t == "Space") and i + 2 or i + 1
      local id = inlines[at] and inlines[at].t == "Str" and inlines[at].text:match("^{#(eq%-[%w_-]+)}$")
      if id then return i, at, id end
    end
  end
end

local section, sections_numbered, without_number = { 0, 0, 0, 0, 0, 0 }, false, {}
local function number_section(header)
  if header.classes:includes("unnumbered") or not sections_numbered then
    without_number[header.identifier] = true
    return
  end
  section[header.level] = section[header.level] + 1
  for level = header.level + 1, 6 do section[level] = 0 end
  if header.identifier ~= "" then
    number_of[header.identifier] = table.concat(section, ".", 1, header.level)
  end
end

local function float_div(div)
  local kind = kind_of(div.identifier)
  return kind == "fig" or kind == "tbl"
end

local function collect(blocks)
  blocks:walk({
    traverse = "topdown",
    Header = function(h) number_section(h) end,
    Figure = function(f) if kind_of(f.identifier) == "fig" then give_number(f.identifier) end end,
    Table = function(t) if kind_of(t.identifier) == "tbl" then give_number(t.identifier) end end,
    Div = function(d) if float_div(d) then give_number(d.identifier) end end,
    Para = function(p)
      local _, _, id = equation_id(p.content)
      if id then give_number(id) end
    end,
  })
end

-- figures and tables ----------------------------------------------------------------------------------
local function alternative_text(image, in_figure)
  local alt = image.attributes["fig-alt"] or image.attributes["alt"] or (not in_figure and stringify(image.caption)) or ""
  if alt == "" then
    problem("this image has no alternative text; write what it shows as {fig-alt=\"…\"}, above a code cell as #| fig-alt: …", image.src)
    alt = "?"
  end
  return alt
end

local function typst_length(value)
  if value == nil then return nil end
  local n, unit = value:match("^([%d%.]+)(%a*%%?)$")
  if not n then return nil end
  if unit == "" or unit == "px" then return (tonumber(n) * 0.75) .. "pt" end
  return n .. unit
end

local function check_picture(source)
  if source:match("^%a[%w+.-]*:") and not source:match("^data:") then
    problem("a picture from the network cannot be part of a self-contained report", source)
  elseif not source:match("^data:") then
    local file = io.open((source:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)))
    if file then file:close() else problem("there is no such picture: " .. source, source) end
  end
end

local drawn = {} -- pictures of figures, so that the last walk leaves them alone
local function draw(image, in_figure)
  check_picture(image.src)
  if in_figure then drawn[image.src] = true end
  local alt = alternative_text(image, in_figure)
  if is_typst then
    local size = typst_length(image.attributes.width)
    local call = "image(" .. typst_string(image.src) .. ", alt: " .. typst_string(alt)
    if size then call = call .. ", width: " .. size end
    return typst("#box(" .. call .. "));")
  end
  image.attributes["fig-alt"] = nil
  image.caption = { pandoc.Str(alt) }
  image.title = ""
  return image
end

local function float(kind, id, caption, content, position)
  local name = say[kind]
  if is_typst then
    local out = pandoc.Blocks({ typst_block("#figure([") })
    out:extend(content)
    if #caption > 0 then
      out:insert(typst_block("], caption: figure.caption(position: " .. position .. ", ["))
      out:insert(pandoc.Plain(caption))
      out:insert(typst_block("]),"))
    else
      out:insert(typst_block("],"))
    end
    out:insert(typst_block('kind: "quarto-float-' .. kind .. '", supplement: "' .. name .. '")'
      .. (id ~= "" and "<" .. id .. ">" or "")))
    return out
  end
  if is_office then
    -- the name and the number travel apart from the caption, so that they can become fields
    local label = pandoc.Div({ pandoc.Plain(caption) }, pandoc.Attr("", { "float-caption" }))
    local body = pandoc.Blocks({ pandoc.Div(content, pandoc.Attr("", { "float-body" })) })
    if #caption > 0 then body:insert(position == "top" and 1 or 2, label) end
    return pandoc.Div(body, pandoc.Attr(id, { "float", "float-" .. kind },
      { { "name", name }, { "number", number_of[id] or "" } }))
  end
  local label = pandoc.Inlines({ pandoc.Span({ pandoc.Str(name .. "\u{a0}" .. (number_of[id] or "") .. ".") },
    pandoc.Attr("", { "float-label" })), pandoc.Space() })
  if id == "" then label = pandoc.Inlines({}) end
  label:extend(caption)
  local figcaption = pandoc.Blocks({
    html_block('<figcaption class="quarto-float-caption quarto-float-' .. kind .. '">'),
    pandoc.Plain(label), html_block("</figcaption>") })
  local out = pandoc.Blocks({ html_block("<figure" .. (id ~= "" and ' id="' .. id .. '"' or "")
    .. ' class="quarto-float quarto-float-' .. kind .. '">') })
  if #caption > 0 and position == "top" then out:extend(figcaption) end
  out:extend(content)
  if #caption > 0 and position == "bottom" then out:extend(figcaption) end
  out:insert(html_block("</figure>"))
  return out
end

local function figure(fig)
  local caption = pandoc.utils.blocks_to_inlines(fig.caption.long)
  local content = fig.content:walk({ Image = function(image) return draw(image, true) end })
  return float("fig", fig.identifier, caption, content, "bottom"), false
end

local last_label = ""
local function captioned_table(tbl)
  local caption = pandoc.utils.blocks_to_inlines(tbl.caption.long)
  local id = tbl.identifier
  if #caption == 0 then return nil end
  tbl.caption = { long = {} }
  tbl.identifier = ""
  tbl.attributes["data-label"] = (number_of[id] and say.tbl .. " " .. number_of[id] .. ". " or "") .. stringify(caption)
  return float("tbl", id, caption, pandoc.Blocks({ tbl }), "top"), false
end

-- `::: {#tbl-x}` or `::: {#fig-x}` around anything; its last paragraph is the caption
local function float_block(div)
  local kind = kind_of(div.identifier)
  local caption = pandoc.Inlines({})
  local last = div.content[#div.content]
  if #div.content > 1 and last.t == "Para" then
    caption = last.content
    div.content:remove(#div.content)
  end
  if #caption == 0 then problem("this " .. kind .. " block has no caption paragraph at its end", "#" .. div.identifier) end
  local content = div.content:walk({ Image = function(image) return draw(image, true) end })
  return float(kind, div.identifier, caption, content, kind == "tbl" and "top" or "bottom"), false
end

-- references ------------------------------------------------------------------------------------------
local function reference(citation)
  local id, kind = citation.id, kind_of(citation.id)
  local number = number_of[id]
  if not number then
    problem(without_number[id] and "@" .. id .. " refers to a section without a number (number-sections: true numbers them)"
      or "@" .. id .. " refers to nothing in this document", "@" .. id)
    return pandoc.Inlines({ pandoc.Str("?") })
  end
  local bare = citation.mode == "SuppressAuthor"
  if is_typst then
    local supplement = bare and "none" or "[" .. say[kind] .. "]"
    return pandoc.Inlines({ typst("#ref(<" .. id .. ">, supplement: " .. supplement .. ");") })
  end
  local text
  if bare then text = number
  elseif kind == "sec" and not say.before then
    text = number .. (number:find(".", 1, true) and say.sec or say.chapter)
  elseif kind == "sec" and not number:find(".", 1, true) then text = say.chapter .. "\u{a0}" .. number
  else text = say[kind] .. "\u{a0}" .. (kind == "eq" and "(" .. number .. ")" or number) end
  return pandoc.Inlines({ pandoc.Link({ pandoc.Str(text) }, "#" .. id, "", pandoc.Attr("", { "quarto-xref" })) })
end

local function references(cite)
  local ours, others = pandoc.Inlines({}), 0
  for _, citation in ipairs(cite.citations) do
    if citation.id:match("^fig%-") or citation.id:match("^tbl%-") or citation.id:match("^sec%-") or citation.id:match("^eq%-") then
      if #ours > 0 then ours:extend({ pandoc.Str(","), pandoc.Space() }) end
      ours:extend(citation.prefix)
      if #citation.prefix > 0 then ours:insert(pandoc.Space()) end
      ours:extend(reference(citation))
      ours:extend(citation.suffix)
    elseif citation.id:match("^lst%-") or citation.id:match("^thm%-") then
      problem("references to listings and theorems are outside the supported subset", "@" .. citation.id)
      others = others + 1
    else
      others = others + 1
    end
  end
  if #ours == 0 then return nil end
  if others > 0 then problem("cross-references and citations are mixed in one bracket", "@" .. cite.citations[1].id) end
  return ours
end

-- numbered equations; text.lua gives every formula its alternative text ---------------------------------
local function equation(para)
  local at, last, id = equation_id(para.content)
  if not id then return nil end
  local math = para.content[at]
  if is_typst then
    return pandoc.Plain({ typst('#math.equation(block: true, numbering: "(1)", ['), pandoc.Space(), math, pandoc.Space(),
      typst("])<" .. id .. ">") })
  end
  return pandoc.Div({ pandoc.Plain({ math, pandoc.Span({ pandoc.Str("(" .. number_of[id] .. ")") },
    pandoc.Attr("", { "eq-number" })) }) }, pandoc.Attr(id, { "equation" },
    { { "role", "group" }, { "tabindex", "0" }, { "aria-label", say.eq .. " " .. number_of[id] } }))
end

-- callouts and tabsets --------------------------------------------------------------------------------
local callouts = { note = true, tip = true, important = true, warning = true, caution = true }

local function callout(div, kind)
  local title = pandoc.Inlines({ pandoc.Str(say[kind]) })
  if div.attributes.title then
    title = pandoc.utils.blocks_to_inlines(pandoc.read(div.attributes.title, "markdown").blocks)
  elseif div.content[1] and div.content[1].t == "Header" then
    title = div.content[1].content
    div.content:remove(1)
  end
  if is_typst then
    local out = pandoc.Blocks({ typst_block('#csi-callout("' .. kind .. '", [') , pandoc.Plain(title), typst_block("], [") })
    out:extend(div.content)
    out:insert(typst_block("])"))
    return out
  end
  local body = pandoc.Blocks({ pandoc.Div({ pandoc.Plain(title) }, pandoc.Attr("", { "callout-title" })) })
  body:extend(div.content)
  return pandoc.Div(body, pandoc.Attr(div.identifier, { "callout", "callout-" .. kind }, { { "role", "note" } }))
end

-- in HTML only: on paper blocks.lua has set them one after the other
local function tabset(div)
  local out, level, panel = pandoc.Blocks({}), nil, nil
  local function close()
    if panel then out:insert(pandoc.Div(panel, pandoc.Attr("", { "tab-panel" }))) end
  end
  for _, block in ipairs(div.content) do
    if block.t == "Header" and (level == nil or block.level == level) then
      close()
      level = block.level
      panel = pandoc.Blocks({ pandoc.Div({ pandoc.Plain(block.content) }, pandoc.Attr("", { "tab-title" })) })
    elseif panel then panel:insert(block)
    else problem("a tabset begins with a heading for its first tab", ".panel-tabset") return {} end
  end
  close()
  return pandoc.Div(out, pandoc.Attr(div.identifier, { "panel-tabset" }))
end

local refused = {
  "panel-sidebar", "panel-fill", "panel-center", "panel-input", "aside", "column-margin", "column-page", "column-screen",
  "column-body-outset", "column-page-inset", "column-screen-inset", "columns", "fragment", "incremental",
  "landscape", "theorem", "proof", "remark", "solution", "cell-code", "hidden", "lightbox", "card",
}

local function conditional(div)
  local wanted = div.attributes["when-format"] or div.attributes["unless-format"] or ""
  local meets = (wanted == "html" and not is_typst) or ((wanted == "pdf" or wanted == "typst") and (is_typst or is_office))
  if div.attributes["unless-format"] then meets = not meets end
  if div.classes:includes("content-hidden") then meets = not meets end
  return meets and div.content or {}
end

-- topdown: an outer construct is turned before what it holds
local function block_of_quarto(div)
  if div.classes:includes("content-visible") or div.classes:includes("content-hidden") then return conditional(div) end
  for _, name in ipairs(refused) do
    if div.classes:includes(name) then problem("blocks of class ." .. name .. " are outside the supported subset", "." .. name) end
  end
  for key, _ in pairs(div.attributes) do
    if key:match("^layout") then problem("the attribute " .. key .. " is outside the supported subset", key) end
  end
  for _, class in ipairs(div.classes) do
    local kind = class:match("^callout%-(%a+)$")
    if kind and callouts[kind] then return callout(div, kind) end
    if kind then problem("a callout of kind ." .. class .. " is outside the supported subset", "." .. class) end
  end
  if div.classes:includes("panel-tabset") then return tabset(div) end
  local id = div.identifier
  if id:match("^thm%-") or id:match("^lem%-") or id:match("^lst%-") or id:match("^def%-") then
    problem("#" .. id .. ": theorems and listings are outside the supported subset", "#" .. id)
  end
  return nil
end

local function check_links(blocks)
  local ids = {}
  local function note(el) if el.identifier ~= "" then ids[el.identifier] = true end end
  blocks:walk({ Header = note, Div = note, Figure = note, Table = note, Span = note, Image = note, Link = note,
    Code = note, CodeBlock = note, Para = function(p)
      local _, _, id = equation_id(p.content)
      if id then ids[id] = true end
    end })
  blocks:walk({ Link = function(link)
    local id = link.target:match("^#(.+)$")
    if id and not ids[id] then problem("the link to #" .. id .. " leads nowhere", "#" .. id) end
  end })
end

-- raw HTML has no meaning in a PDF, except tables, which become native ones as in Quarto
local function raw_html(block)
  if not (is_typst or is_office) or block.format ~= "html" then return nil end
  if block.text:match("<table") then
    local tables = pandoc.Blocks({})
    pandoc.read(block.text, "html").blocks:walk({ Table = function(t) tables:insert(t) end })
    return tables
  end
  if block.text:gsub("<!%-%-.-%-%->", ""):match("%S") and not block.text:match("^%s*</?[%w-]+[^>]*>%s*$") then
    problem("raw HTML does not reach the PDF", (block.text:match("[^\n]+")))
  end
  return {}
end

local function raw_html_inline(inline)
  if not (is_typst or is_office) or inline.format ~= "html" then return nil end
  if inline.text:match("^<br%s*/?>$") then return pandoc.LineBreak() end
  return {} -- a tag; the text between tags stays
end

function Pandoc(doc)
  local lang = stringify(doc.meta.lang or "ko"):sub(1, 2)
  say = words[lang] or words.en
  for key, told in pairs(doc.meta["csi-say"] or {}) do if say[key] then say[key] = pandoc.utils.stringify(told) end end -- a language with a catalogue
  sections_numbered = doc.meta["number-sections"] == true
  doc.blocks = doc.blocks:walk({ Div = block_of_quarto, RawBlock = raw_html, RawInline = raw_html_inline })
  check_links(doc.blocks)
  collect(doc.blocks)
  doc.blocks = doc.blocks:walk({
    traverse = "topdown",
    Div = function(d) if float_div(d) then return float_block(d) end end,
    Figure = figure,
    Table = captioned_table,
    Para = equation,
  })
  doc.blocks = doc.blocks:walk({ Cite = references,
    Image = function(image) if not drawn[image.src] then return draw(image, false) end end })
  return doc
end
