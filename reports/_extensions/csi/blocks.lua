-- Blocks of a CSI report that Quarto does not know: key figures, data under a figure, notes, front matter.
-- Runs before cross-references are resolved, in Quarto (`at: pre-ast`) and in the embedded engine.

local is_typst = FORMAT:match("typst") ~= nil
local is_html = FORMAT:match("html") ~= nil

local words = {
  ko = { data = "그림의 자료 보기", commissioned = "발주", contractor = "수행", date = "발행", way = "이동", home = "보고서 목록" },
  en = { data = "Show the data of this figure", commissioned = "Commissioned by", contractor = "Conducted by",
    date = "Published", way = "Way back", home = "All reports" },
}
local say = words.ko

local function raw(text)
  return pandoc.RawBlock(is_typst and "typst" or "html", text)
end

local function wrap(open, blocks, close)
  local out = pandoc.Blocks({ raw(open) })
  out:extend(blocks)
  out:insert(raw(close))
  return out
end

-- typst: one function of typst-template.typ per class, with the div's content as its argument
local typst_block = {
  ["table-notes"] = "#csi-notes[",
  ["figure-notes"] = "#csi-notes[",
  ["colophon"] = "#csi-colophon[",
  ["lead"] = "#csi-lead[",
  ["submission"] = "#csi-submission[",
}
local card_line = { value = "#csi-value[", label = "#csi-label[", change = "#csi-change[" }

-- a card's lines are spans of these classes; anything else in it is set as it stands
local function card(blocks)
  local out = pandoc.Blocks({})
  for _, block in ipairs(blocks) do
    local rest = pandoc.Inlines({})
    for _, el in ipairs(block.t == "Para" and block.content or block.t == "Plain" and block.content or {}) do
      local open = nil
      for name, call in pairs(card_line) do
        if el.t == "Span" and el.classes:includes(name) then open = call end
      end
      if open then
        out:extend({ raw(open), pandoc.Plain(el.content), raw("]") })
      elseif el.t ~= "SoftBreak" and el.t ~= "LineBreak" and (el.t ~= "Space" or #rest > 0) then
        rest:insert(el)
      end
    end
    if #rest > 0 then out:insert(pandoc.Para(rest)) end
    if block.t ~= "Para" and block.t ~= "Plain" then out:insert(block) end
  end
  return out
end

-- lines of the letter of submission and labels of the imprint: spans of these classes
local own_line = { addressee = "#csi-addressee[", dated = "#csi-dated[", submitter = "#csi-submitter[" }
local function lines_of(div)
  local content = pandoc.Blocks({})
  for _, block in ipairs(div.content) do
    local only = block.t == "Para" and #block.content == 1 and block.content[1]
    local open = only and only.t == "Span" and own_line[only.classes[1]]
    if open then content:extend({ raw(open), pandoc.Plain(only.content), raw("]") }) else content:insert(block) end
  end
  div.content = content:walk({ Span = function(span)
    if not span.classes:includes("what") then return nil end
    local out = pandoc.Inlines({ pandoc.RawInline("typst", "#csi-what[") })
    out:extend(span.content)
    out:insert(pandoc.RawInline("typst", "];"))
    return out
  end })
  return div
end

local function key_figures(div)
  local out = pandoc.Blocks({ raw("#csi-key-figures(") })
  for _, child in ipairs(div.content) do
    out:insert(raw("["))
    out:extend(card(child.t == "Div" and child.content or { child }))
    out:insert(raw("],"))
  end
  out:insert(raw(")"))
  return out
end

-- paper has no tabs: their contents follow one another, each under its title
local function tabs_in_sequence(div)
  local out, level = pandoc.Blocks({}), nil
  for _, block in ipairs(div.content) do
    if block.t == "Header" and (level == nil or block.level == level) then
      level = block.level
      out:extend({ raw("#csi-tab["), pandoc.Plain(block.content), raw("]") })
    else
      out:insert(block)
    end
  end
  return out
end

-- what only a screen unfolds is gone before anything is kept together with what follows it
local function folded_away(div)
  if div.classes:includes("figure-data") or div.classes:includes("detail") then return {} end
end

local function blocks_of_reports(div)
  local class = div.classes
  if class:includes("figure-data") then
    -- a screen reader and a phone read the table; in print the figure and its alternative text serve
    if is_html then
      return wrap('<details class="figure-data"><summary>' .. say.data .. "</summary>", div.content, "</details>")
    end
  end
  if class:includes("detail") then
    -- item by item, group by group: unfolded by who wants it on screen, not printed
    if is_html then
      local title = div.content:remove(1)
      local out = pandoc.Blocks({ raw('<details class="detail"><summary>'), pandoc.Plain(title.content), raw("</summary>") })
      out:extend(div.content)
      out:insert(raw("</details>"))
      return out
    end
  end
  if not is_typst then return nil end
  if class:includes("key-figures") then return key_figures(div) end
  if class:includes("panel-tabset") then return tabs_in_sequence(div) end
  for name, open in pairs(typst_block) do
    if class:includes(name) then return wrap(open, lines_of(div).content, "]") end
  end
  return nil
end

-- Widths guessed from the length of a source line mean nothing in generated tables.
local function natural_widths(tbl)
  for i, spec in ipairs(tbl.colspecs) do
    tbl.colspecs[i] = { spec[1], nil }
  end
  return tbl
end

local LONGEST_KEPT = 16 -- rows of a table that is never torn apart

local function rows_of(tbl)
  local count = #tbl.head.rows
  for _, body in ipairs(tbl.bodies) do count = count + #body.body end
  return count
end

-- a short table stays on one page with the notes that follow it
local function keep_notes(blocks)
  local out = pandoc.Blocks({})
  for i, block in ipairs(blocks) do
    local next = blocks[i + 1]
    local kept = block.t == "Table" and next and next.t == "Div" and next.classes:includes("table-notes")
      and rows_of(block) <= LONGEST_KEPT
    if kept then out:extend({ raw("#csi-keep["), block, raw("]") }) else out:insert(block) end
  end
  return out
end

local flowing = false -- chapters follow one another (`csi-flow`)

-- one short paragraph between a heading and what it introduces goes with it to the next page
local function is_float(block)
  if not block then return false end
  local only = block.t == "Para" and #block.content == 1 and block.content[1].t == "Image"
  return only or block.t == "Figure" or block.t == "Table" or block.t == "Div" and block.identifier:find("^%l%l%l%-") ~= nil
end
local function keep_introductions(blocks)
  local out = pandoc.Blocks({})
  for i, block in ipairs(blocks) do
    local last = blocks[i - 1]
    if block.t == "Para" and not is_float(block) and last and last.t == "Header" and last.level > (flowing and 0 or 1) and is_float(blocks[i + 1])
      and #pandoc.utils.stringify(block.content) < 600 then
      out:extend({ raw("#csi-introduction["), block, raw("]") })
    else
      out:insert(block)
    end
  end
  return out
end

-- The lists of contents, tables and figures stand after the front chapters (`# 제출문 {.front}`), so they
-- are placed by this filter and not by the template.
local function place_contents(blocks)
  for i, block in ipairs(blocks) do
    if block.t == "Header" and block.level == 1 and not block.classes:includes("front") then
      blocks:insert(i, raw('#csi-contents()\n#set page(numbering: "1")\n#counter(page).update(1)'))
      return blocks
    end
  end
  return blocks
end

-- chapters follow one another on paper (`csi-flow`), but the first page after the letter is the summary's
local function front_pages(blocks)
  local out = pandoc.Blocks({})
  for _, block in ipairs(blocks) do
    if block.t == "Header" and block.level == 1 and block.classes:includes("front") and not block.classes:includes("letter") then
      out:insert(raw("#pagebreak(weak: true)"))
    end
    out:insert(block)
  end
  return out
end

-- on screen a reader comes for the summary: letter of submission and team stand before the imprint
local function letters_last(blocks)
  local letters, rest, letter, at = pandoc.Blocks({}), pandoc.Blocks({}), false, nil
  for _, block in ipairs(blocks) do
    if block.t == "Header" and block.level == 1 then
      letter = block.classes:includes("letter")
      if block.classes:includes("imprint") then at = #rest + 1 end
    end
    if letter then letters:insert(block) else rest:insert(block) end
  end
  at = at or #rest + 1
  for i, block in ipairs(letters) do rest:insert(at + i - 1, block) end
  return rest
end

-- the names that go into the document's properties, as plain text
local function authors_of(meta)
  if meta["csi-authors"] then return meta["csi-authors"] end
  local given = meta.author or meta.contractor
  if not given then return nil end
  local names = pandoc.List({})
  for _, author in ipairs(pandoc.utils.type(given) == "List" and given or { given }) do
    local name = pandoc.utils.type(author) == "table" and (author.name or "") or author
    names:insert(pandoc.MetaString(pandoc.utils.stringify(name)))
  end
  return names
end

-- the imprint stands at the foot of the last page, or of a page of its own, under a small heading
local function imprint(header)
  if not header.classes:includes("imprint") then return nil end
  header.level = 2
  return { raw(flowing and "#csi-imprint(flow: true)" or "#csi-imprint()"), header }
end

function Pandoc(doc)
  doc.meta["csi-authors"] = authors_of(doc.meta)
  local lang = pandoc.utils.stringify(doc.meta.lang or "ko"):sub(1, 2)
  say = words[lang] or words.en
  for key, told in pairs(doc.meta["csi-say"] or {}) do if say[key] then say[key] = pandoc.utils.stringify(told) end end -- a language with a catalogue
  local said = doc.meta["csi-words"] or {}
  for name, word in pairs(say) do said[name] = pandoc.MetaString(word) end
  doc.meta["csi-words"] = said
  -- a date in words (`csi-date: 2024년 12월`); Quarto would make "Invalid Date" of it under its own name
  if doc.meta["csi-date"] then doc.meta.date = doc.meta["csi-date"] end
  if is_html then doc.meta["author-meta"] = doc.meta["csi-authors"] end
  flowing = doc.meta["csi-flow"] ~= nil
  if is_typst then doc.blocks = doc.blocks:walk({ Div = folded_away }) end
  if is_typst then doc.blocks = keep_introductions(doc.blocks):walk({ Blocks = keep_notes }) end
  doc.blocks = doc.blocks:walk({ Div = blocks_of_reports, Table = natural_widths })
  if is_typst then doc.blocks = doc.blocks:walk({ Header = imprint }) end
  if is_html then doc.blocks = letters_last(doc.blocks) end
  if is_typst and doc.meta.toc ~= false then doc.blocks = place_contents(doc.blocks) end
  if is_typst and doc.meta["csi-flow"] then doc.blocks = front_pages(doc.blocks) end
  return doc
end
