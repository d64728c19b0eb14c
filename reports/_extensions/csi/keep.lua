-- Quarto writes report.html and report.pdf beside the notebook before it moves them to `_quarto/`. This script runs
-- before and after a render by hand (`_quarto.yml`: pre-render, post-render) and puts what was published back.

local after = os.getenv("QUARTO_PROJECT_OUTPUT_FILES") ~= nil

local function copy(from, to)
  local source = io.open(from, "rb")
  if not source then return end
  local target = assert(io.open(to, "wb"))
  target:write(source:read("a"))
  source:close()
  target:close()
end

for _, name in ipairs({ "report.html", "report.pdf" }) do
  local kept = "." .. name .. ".kept"
  local found = io.open(kept, "rb")
  if found then -- after a render, or before one when the last did not come to its end
    found:close()
    os.remove(name)
    assert(os.rename(kept, name))
  end
  if not after then copy(name, kept) end
end
