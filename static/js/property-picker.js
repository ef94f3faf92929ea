// Choosing a property: one list for all rows, to search and to walk with the arrow keys. Each row's <select> stays in
// the form and keeps the choice; without scripts it is what people use. On a phone the list is a sheet.
const picker = document.getElementById("property-picker")
const search = picker?.querySelector("input")
const list = picker?.querySelector("[role=listbox]")
const none = picker?.querySelector(".none")
const icons = document.getElementById("property-icons")?.content
const RECENT = 5
const STORED = `recent-properties:${location.pathname.split("/")[1]}`
let opener = null

const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  node.append(...children)
  return node
}
const drawn = name => (icons.querySelector(`[data-icon="${name}"]`) ?? icons.querySelector("[data-icon]")).firstElementChild.cloneNode(true)
const select = () => document.getElementById(opener.dataset.picks)

// ── What was chosen lately, in this browser ──
function recent() {
  try { return JSON.parse(localStorage.getItem(STORED)) ?? [] } catch { return [] }
}
function remember(label) {
  try { localStorage.setItem(STORED, JSON.stringify([label, ...recent().filter(one => one !== label)].slice(0, RECENT))) } catch { /* private windows keep nothing */ }
}

// ── The list ──
let made = 0
function row(option) {
  const { icon, source } = option.dataset
  const found = el("div", { role: "option", id: `property-${++made}`, "aria-selected": "false" }, drawn(icon), el("span", { class: "grow" }, option.label))
  if (source) found.append(el("span", { class: "source" }, source))
  if (option.selected) found.append(drawn("check"))
  found.dataset.value = option.value
  found.dataset.text = `${option.label} ${option.parentElement.label ?? ""} ${source}`.toLowerCase()
  return found
}
function group(label, options) {
  const heading = el("div", { class: "label", id: `property-${++made}` }, label)
  return el("div", { role: "group", "aria-labelledby": heading.id }, heading, ...options.map(row))
}
function fill() {
  const known = [...select().querySelectorAll("optgroup")]
  const all = known.flatMap(one => [...one.children])
  const lately = recent().map(label => all.find(option => option.label === label)).filter(Boolean)
  const groups = known.map(one => group(one.label, [...one.children]))
  if (lately.length && all.length > 2 * RECENT) {
    groups.unshift(group("Recent", lately))
    groups[0].dataset.recent = ""
  }
  list.replaceChildren(...groups)
}
const options = () => [...list.querySelectorAll("[role=option]")].filter(option => !option.closest("[hidden]"))
function mark(option) {
  list.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false")
  if (!option) return search.removeAttribute("aria-activedescendant")
  option.setAttribute("aria-selected", "true")
  search.setAttribute("aria-activedescendant", option.id)
  option.scrollIntoView({ block: "nearest" })
}
function narrow() {
  const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean)
  for (const one of list.children) {
    const entries = [...one.querySelectorAll("[role=option]")]
    for (const entry of entries) entry.hidden = !words.every(word => entry.dataset.text.includes(word))
    one.hidden = ("recent" in one.dataset && words.length > 0) || entries.every(entry => entry.hidden)
  }
  const left = options()
  none.hidden = left.length > 0
  const typed = words.join(" ")
  // Of several the one whose name begins so; before anything is typed, the one that is chosen.
  mark(typed ? left.find(one => one.dataset.text.startsWith(typed)) ?? left[0] : left.find(one => one.dataset.value === select().value))
}

// ── Opening and choosing ──
const ENOUGH = 300 // pixels below the row that the list is content with
function place() {
  picker.removeAttribute("style")
  if (matchMedia("(width < 640px)").matches) return
  const at = opener.getBoundingClientRect()
  const below = innerHeight - at.bottom - 12
  const down = below >= ENOUGH || below >= at.top
  picker.style.left = `${Math.max(8, Math.min(at.left, innerWidth - picker.offsetWidth - 8))}px`
  picker.style[down ? "top" : "bottom"] = `${down ? at.bottom + 4 : innerHeight - at.top + 4}px`
  picker.style.maxBlockSize = `min(440px, ${down ? below : at.top - 12}px)`
}
function open(button, text = "") {
  opener = button
  search.value = text
  fill()
  picker.showPopover()
  narrow()
  place()
  opener.setAttribute("aria-expanded", "true")
  search.focus()
}
function choose(option) {
  const { value } = option.dataset
  const field = select()
  picker.hidePopover()
  if (field.value === value) return
  field.value = value
  remember(field.selectedOptions[0].label)
  document.dispatchEvent(new CustomEvent("builder:focus", { detail: opener.closest(".condition").id }))
  field.dispatchEvent(new Event("change", { bubbles: true }))
}

if (picker) {
  document.addEventListener("click", event => {
    const button = event.target.closest(".picks")
    if (button && !button.disabled) open(button)
  })
  document.addEventListener("pick", event => { if (!picker.matches(":popover-open")) open(event.target) })
  // A closed list opens as a select does: by an arrow, or by what one types.
  document.addEventListener("keydown", event => {
    if (!event.target.matches?.(".picks") || event.ctrlKey || event.metaKey || event.altKey) return
    const letter = event.key.length === 1 && event.key.trim() && event.key !== "?"
    if (!letter && !["ArrowDown", "ArrowUp"].includes(event.key)) return
    event.preventDefault()
    open(event.target, letter ? event.key : "")
  })
  picker.addEventListener("toggle", event => {
    if (event.newState !== "closed" || !opener) return
    opener.removeAttribute("aria-expanded")
    if (document.activeElement === document.body) document.getElementById(opener.id)?.focus()
  })
  search.addEventListener("input", event => { event.stopPropagation(); narrow() })
  search.addEventListener("keydown", event => {
    const left = options()
    const at = left.findIndex(option => option.getAttribute("aria-selected") === "true")
    if (event.key === "ArrowDown") mark(left[(at + 1) % left.length])
    else if (event.key === "ArrowUp") mark(left.at(at <= 0 ? -1 : at - 1))
    else if (event.key === "Enter") { if (left[at]) choose(left[at]) }
    else if (event.key === "Tab") { picker.hidePopover(); opener.focus(); return }
    else return
    event.preventDefault()
  })
  list.addEventListener("pointerdown", event => event.preventDefault()) // the search keeps the keyboard
  list.addEventListener("click", event => {
    const option = event.target.closest("[role=option]")
    if (option) choose(option)
  })
  list.addEventListener("pointermove", event => {
    const option = event.target.closest("[role=option]")
    if (option && option.getAttribute("aria-selected") !== "true") mark(option)
  })
  // A row that is drawn anew is another one, or none.
  document.addEventListener("htmx:before:swap", event => {
    const target = event.detail.ctx?.target ?? event.target
    if (target?.id === "segment-form" && picker.matches(":popover-open")) picker.hidePopover()
  })
  addEventListener("resize", () => { if (picker.matches(":popover-open")) place() })
}
