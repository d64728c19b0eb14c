-- What happens to text after cross-references are resolved, in both engines:
-- Typst keeps an eojeol (a Korean word with its particles) on one line, which Typst itself does not;
-- HTML says 3.2절 or Section 3.2 for a section, and puts each table in its own scrolling region.

local is_typst = FORMAT:match("typst") ~= nil
local is_html = FORMAT:match("html") ~= nil
local LONGEST = 18 -- characters of a word that is kept whole even in a narrow column

local words = {
  ko = { section = "절", chapter = "장", before = false, rows = "자료" },
  en = { section = "Section", chapter = "Chapter", before = true, rows = "Data" },
}
local say = words.ko

-- a report has tens of thousands of words: types are looked up once, and plain Lua tables hold the words
local stringify = pandoc.utils.stringify
local breaks = { Space = true, SoftBreak = true, LineBreak = true }
local holds_inlines = { Strong = true, Emph = true, Span = true, Link = true, Quoted = true, Underline = true,
  Strikeout = true, Superscript = true, Subscript = true, SmallCaps = true, Cite = true }

local function has_break(el)
  if not holds_inlines[el.t] then return false end
  for _, inner in ipairs(el.content) do
    if breaks[inner.t] or has_break(inner) then return true end
  end
  return false
end

-- by the bytes of UTF-8: syllables begin with EA–ED, old jamo with E1 84–87, single letters with E3 84–86
local function has_hangul(text)
  return text:find("[\xEA-\xED]") ~= nil or text:find("\xE1[\x84-\x87]") ~= nil or text:find("\xE3[\x84-\x86]") ~= nil
end

local function typst_string(text)
  text = text:gsub("^%s+", ""):gsub("%s+$", ""):gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("[\r\n]", " ")
  return '"' .. text .. '"'
end

local JOIN, MAY_BREAK = "\u{2060}", "\u{200B}"

-- an address or a chain of letters longer than a line would run off the page
local function breakable(str)
  local text = str.text
  local length = #text >= 30 and utf8.len(text)
  if not length or length < 30 or has_hangul(text) then return str end
  local out, n = {}, 0
  for _, c in utf8.codes(text) do
    out[#out + 1] = utf8.char(c)
    n = n + 1
    if n % 10 == 0 then out[#out + 1] = MAY_BREAK end
  end
  return pandoc.Str(table.concat(out))
end

local keep_words_whole
local OPEN, CLOSE = pandoc.RawInline("typst", "#box["), pandoc.RawInline("typst", "];")

-- `group` holds the inlines between two spaces
local function one_word(group, out)
  local text, whole, broken = "", true, {}
  for i, el in ipairs(group) do
    local kind = el.t
    if kind == "Str" then
      text = text .. el.text
      group[i] = breakable(el)
    elseif kind == "Note" or kind == "Image" then
      whole = false
    elseif kind ~= "RawInline" then
      text = text .. stringify(el)
      broken[i] = has_break(el)
      whole = whole and not broken[i]
    end
  end
  local length = has_hangul(text) and utf8.len(text)
  if length and whole and length <= LONGEST then
    out[#out + 1] = OPEN
    table.move(group, 1, #group, #out + 1, out)
    out[#out + 1] = CLOSE
  elseif length then
    -- emphasis over several words: keep each of them, and join the last to what follows
    for i, el in ipairs(group) do
      if broken[i] then el.content = keep_words_whole(el.content) end
      if i > 1 and el.t ~= "Note" and (broken[i] or broken[i - 1]) then out[#out + 1] = pandoc.Str(JOIN) end
      out[#out + 1] = el
    end
  else
    table.move(group, 1, #group, #out + 1, out)
  end
end

keep_words_whole = function(inlines)
  local out, group = {}, {}
  for _, el in ipairs(inlines) do
    if breaks[el.t] then
      one_word(group, out)
      group = {}
      out[#out + 1] = el
    else
      group[#group + 1] = el
    end
  end
  one_word(group, out)
  return out
end

-- pandoc's Typst writer forgets, in table cells and captions, that `=`, `-`, `+`, `/` and `1.` open blocks
local function no_markup_at_start(inlines)
  local first = inlines[1]
  if not first or first.t ~= "Str" then return inlines end
  local mark, rest = first.text:match("^([=%-+/])(.*)$")
  if not mark then
    mark, rest = first.text:match("^%d+(%.)(.*)$")
    if mark then mark = first.text:match("^%d+") .. "\\." end
  else
    mark = "\\" .. mark
  end
  if not mark then return inlines end
  inlines[1] = pandoc.Str(rest)
  inlines:insert(1, pandoc.RawInline("typst", mark))
  return inlines
end

local function line_of_text(block)
  local content = block.content
  local text = stringify(content)
  if #text < 30 and text:find("^[%w%s,.%%()]*$") and not text:find("^%d+%.") then return nil end -- a figure in a cell
  block.content = keep_words_whole(no_markup_at_start(content))
  return block
end

local function section_reference(link)
  if not link.classes:includes("quarto-xref") or not link.target:match("^#sec%-") then return nil end
  local number = stringify(link):match("([%dA-Z][%d%.A-Z]*)$")
  if not number then return nil end
  local noun = number:find(".", 1, true) and say.section or say.chapter
  link.content = { pandoc.Str(say.before and noun .. "\u{a0}" .. number or number .. noun) }
  return link
end

-- `[82.4[점]{.unit}]{.value}`: the small unit after a key figure; only now, because words are whole by now
local function unit(span)
  if not span.classes:includes("unit") then return nil end
  local out = pandoc.Inlines({ pandoc.RawInline("typst", "#csi-unit[") })
  out:extend(span.content)
  out:insert(pandoc.RawInline("typst", "];"))
  return out
end

local tables = 0
local function scrolling_region(tbl)
  tables = tables + 1
  local label = stringify(tbl.caption.long)
  if label == "" then label = tbl.attributes["data-label"] or (say.rows .. " " .. tables) end
  tbl.attributes["data-label"] = nil
  return pandoc.Div({ tbl }, pandoc.Attr("", { "table-scroll" },
    { { "role", "region" }, { "tabindex", "0" }, { "aria-label", label } }))
end

-- Widths of columns in Typst, from the text in them: no word is broken where there is room; what is left goes to
-- the columns whose lines gain by it. Where not everything fits, heads take two lines and ask for half of their length.
local MEASURE, PADDING = 53, 1.5 -- em of table text that fit a line of the page; both sides of a cell

local function text_width(text)
  local width = 0
  for _, c in utf8.codes(text, true) do
    local letter = (c >= 0x61 and c <= 0x7A or c == 0x20 or c == 0x2E or c == 0x2C) and 0.5 or 0.6
    width = width + ((c >= 0x1100 and c < 0xFF00 and (c < 0x2000 or c > 0x2BFF)) and 0.92 or letter)
  end
  return width
end

local function longest_word(line)
  local longest = 0
  for word in line:gmatch("%S+") do longest = math.max(longest, text_width(word)) end
  return longest
end

-- `70.7 to 74.5` and its unit stand on one line, and so do a mark of change and its word
local function interval_whole(block)
  local text, first = stringify(block.content), true
  local marked = text:find("^▲ ") or text:find("^▼ ") or text:find("^– ")
  if not marked and (#text > 40 or not text:find("^%S*%d to %S*%d")) then return nil end
  return block:walk({ Space = function()
    local joined = first or not marked
    first = false
    return joined and pandoc.Str("\u{a0}") or nil
  end })
end

local function column_widths(tbl)
  local wish, heads_wish, least, spans = {}, {}, {}, false
  for i = 1, #tbl.colspecs do wish[i], heads_wish[i], least[i] = 1, 1, 1 end
  local function look(rows, heads)
    for _, row in ipairs(rows) do
      for i, cell in ipairs(row.cells) do
        if cell.col_span > 1 or cell.row_span > 1 then spans = true end
        for line in (stringify(cell.contents) .. "\n"):gmatch("(.-)\n") do
          if wish[i] then
            local word = longest_word(line) * (heads and 1.07 or 1) -- heads are set semibold
            least[i] = math.max(least[i], math.min(word, 14))
            wish[i] = math.max(wish[i], word, heads and i > 1 and text_width(line) * 0.55 or text_width(line))
            heads_wish[i] = math.max(heads_wish[i], text_width(line))
          end
        end
      end
    end
  end
  look(tbl.head.rows, true)
  for _, body in ipairs(tbl.bodies) do look(body.head, true) look(body.body, false) end
  if spans or #wish < 1 then return nil end
  for _, spec in ipairs(tbl.colspecs) do
    if spec[2] and spec[2] > 0 then return nil end
  end
  least[1] = math.max(least[1], math.min(wish[1], MEASURE / 5)) -- names of rows need not stand in a chimney
  local room, needed, wished, in_full = MEASURE - PADDING * #wish, 0, 0, 0
  for i = 1, #wish do in_full = in_full + heads_wish[i] end
  if in_full <= room then wish = heads_wish end
  for i = 1, #wish do needed, wished = needed + least[i], wished + wish[i] end
  local width = {}
  if wished <= room then -- everything fits: the first column takes most of the rest
    for i = 1, #wish do width[i] = wish[i] + (room - wished) * (#wish == 1 and 1 or i == 1 and 0.6 or 0.4 / (#wish - 1)) end
  elseif needed < room then
    for i = 1, #wish do width[i] = least[i] + (room - needed) * (wish[i] - least[i]) / (wished - needed) end
  else
    for i = 1, #wish do width[i] = least[i] * room / needed end
  end
  for i, spec in ipairs(tbl.colspecs) do
    tbl.colspecs[i] = { spec[1], (width[i] + PADDING) / MEASURE * 0.9999 }
  end
  return tbl
end

-- PDF/UA wants a text for every formula, and its source serves. A numbered equation arrives (from Quarto and
-- from quarto.lua) as `#math.equation(block: true, … [`, the formula, `])<eq-x>`.
local function formulas(inlines)
  local numbered = false
  for i, el in ipairs(inlines) do
    if el.t == "RawInline" and el.text:match("^#math%.equation%(block: true") then
      numbered = true
      for j = i + 1, math.min(i + 2, #inlines) do
        if inlines[j].t == "Math" then
          local alt = "alt: " .. typst_string(inlines[j].text) .. ", numbering:"
          el.text = el.text:gsub("numbering:", function() return alt end, 1)
        end
      end
    elseif el.t == "RawInline" and el.text:match("^%s*%]%)") then
      numbered = false
    elseif el.t == "Math" and not numbered then
      local source = pandoc.write(pandoc.Pandoc({ pandoc.Plain({ el }) }), "typst"):gsub("%s+$", "")
      inlines[i] = pandoc.RawInline("typst",
        "#{set math.equation(alt: " .. typst_string(el.text) .. "); [" .. source .. "]};")
    end
  end
  return inlines
end

-- Typst turns `...`, `--`, `-?` and `-1` into an ellipsis, a dash, a soft hyphen and a minus; text is shown as it is
local function no_shorthand(str)
  local text = str.text
  if not (text:find("-", 1, true) and text:find("%-[%-%?%d]") or text:find("...", 1, true)) then return nil end
  local out, from = pandoc.Inlines({}), 1
  local function raw_at(position, mark)
    if position > from then out:insert(pandoc.Str(str.text:sub(from, position - 1))) end
    out:insert(pandoc.RawInline("typst", "\\" .. mark))
    from = position + 1
  end
  for position = 1, #str.text do
    local three, two = str.text:sub(position, position + 2), str.text:sub(position, position + 1)
    if three == "..." then raw_at(position, ".") elseif two:match("^%-[%-%?%d]") then raw_at(position, "-") end
  end
  if from <= #str.text then out:insert(pandoc.Str(str.text:sub(from))) end
  return out
end

-- identifiers made from a heading's text can hold what a Typst label cannot
local function plain_identifier(header)
  for _, c in utf8.codes(header.identifier, true) do
    local letter = c > 0x7F and ((c >= 0xAC00 and c <= 0xD7A3) or (c >= 0xC0 and c <= 0x24F))
    if not letter and not (c < 0x80 and utf8.char(c):match("[%w_.-]")) then
      header.identifier = ""
      return header
    end
  end
end

local function has_math(blocks)
  local found = false
  blocks:walk({ Math = function() found = true end })
  return found
end

function Pandoc(doc)
  local lang = stringify(doc.meta.lang or "ko"):sub(1, 2)
  say = words[lang] or words.en
  for key, told in pairs(doc.meta["csi-say"] or {}) do if say[key] then say[key] = pandoc.utils.stringify(told) end end -- a language with a catalogue
  if is_typst then
    doc.blocks = doc.blocks:walk({ Table = function(tbl) return tbl:walk({ Plain = interval_whole }) end })
      :walk({ Table = column_widths })
      :walk({ Para = line_of_text, Plain = line_of_text, Header = plain_identifier })
    if has_math(doc.blocks) then doc.blocks = doc.blocks:walk({ Inlines = formulas }) end
    doc.blocks = doc.blocks:walk({ Span = unit, Str = no_shorthand })
  elseif is_html then
    doc.blocks = doc.blocks:walk({ Table = function(tbl) return tbl:walk({ Plain = interval_whole }) end })
    doc.blocks = doc.blocks:walk({ Link = section_reference, Table = scrolling_region })
  end
  return doc
end
