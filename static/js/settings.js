// The keyboard's way through Settings: palette, lists, picked rows.

// ── Palette ──
const palette = document.getElementById("palette")
const ask = palette?.querySelector("input")

const options = () => [...palette.querySelectorAll('[role="option"]')].filter(o => !o.closest("[hidden]"))
function choose(option) {
  for (const other of palette.querySelectorAll('[aria-selected="true"]')) other.setAttribute("aria-selected", "false")
  if (!option) return ask.removeAttribute("aria-activedescendant")
  option.setAttribute("aria-selected", "true")
  option.id ||= `option-${crypto.randomUUID()}`
  ask.setAttribute("aria-activedescendant", option.id)
  option.scrollIntoView({ block: "nearest" })
}
function narrow() {
  const words = ask.value.trim().toLowerCase().split(/\s+/).filter(Boolean)
  for (const group of palette.querySelectorAll('[role="group"]')) {
    const entries = [...group.querySelectorAll('[role="option"]')]
    // What the server found stays as it came; entries that are on the page are narrowed here.
    if (!group.closest("#palette-records")) {
      for (const entry of entries) entry.hidden = !words.every(word => entry.textContent.toLowerCase().includes(word))
    }
    group.hidden = entries.every(entry => entry.hidden)
  }
  const left = options()
  palette.querySelector(".none").hidden = left.length > 0
  choose(left[0])
}
function open() {
  if (!palette || palette.open) return
  ask.value = ""
  document.getElementById("palette-records").replaceChildren()
  palette.showModal()
  narrow()
}
if (palette) {
  ask.addEventListener("input", narrow)
  palette.addEventListener("htmx:after:swap", narrow)
  ask.addEventListener("keydown", event => {
    const left = options()
    const at = left.findIndex(option => option.getAttribute("aria-selected") === "true")
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault()
      choose(left.at((at + (event.key === "ArrowDown" ? 1 : -1)) % left.length))
    } else if (event.key === "Enter" && left[at]) {
      event.preventDefault()
      left[at].click()
    }
  })
  palette.addEventListener("pointermove", event => {
    const option = event.target.closest('[role="option"]')
    if (option && option.getAttribute("aria-selected") !== "true") choose(option)
  })
  document.querySelector('[data-opens="palette"]')?.addEventListener("click", event => { event.stopPropagation(); open() })
}

// ── Lists: j and k move, Enter opens, x picks, c creates, / searches ──
const typing = target => target.closest("input:not([type=checkbox]), select, textarea, dialog, [popover], [contenteditable]")
function rows() {
  return [...document.querySelectorAll("table[data-rows] tbody tr")].filter(row => row.querySelector("a"))
}
function step(by) {
  const all = rows()
  const at = all.findIndex(row => row.contains(document.activeElement))
  const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by]
  next?.querySelector(".row-link, th a, a").focus()
  next?.scrollIntoView({ block: "nearest" })
}
document.addEventListener("keydown", event => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault()
    return palette?.open ? palette.close() : open()
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
  if (event.key === "j") step(1)
  else if (event.key === "k") step(-1)
  else if (event.key === "x") document.activeElement.closest("tr")?.querySelector(".pick input")?.click()
  else if (event.key === "c" && rows().length) document.querySelector(".page-head a.btn.primary")?.click()
  else if (event.key === "/") {
    const search = document.querySelector(".filters input[type=search]")
    if (search) { event.preventDefault(); search.focus() }
  }
})

// ── Picked rows: the box in the header takes all, the count follows ──
document.addEventListener("change", event => {
  const form = event.target.closest("form")
  if (!form || !event.target.matches(".pick input")) return
  const boxes = [...form.querySelectorAll("tbody .pick input")]
  if (event.target.closest("thead")) for (const box of boxes) box.checked = event.target.checked
  const picked = boxes.filter(box => box.checked).length
  const all = form.querySelector("thead .pick input")
  if (all) {
    all.checked = picked > 0 && picked === boxes.length
    all.indeterminate = picked > 0 && picked < boxes.length
  }
  const count = form.querySelector(".bulk output")
  if (count) count.textContent = `${picked} selected`
})

// ── Values to carry over to another system: the button shows itself only where it can work ──
const copyable = root => { if (navigator.clipboard) for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false }
copyable(document)
document.addEventListener("htmx:after:swap", () => copyable(document))
document.addEventListener("click", async event => {
  const button = event.target.closest("[data-copy]")
  if (!button) return
  await navigator.clipboard.writeText(button.dataset.copy)
  button.classList.add("done")
  setTimeout(() => button.classList.remove("done"), 1500)
})
