// Turns <select multiple data-chips> into chips with a box to type in. The select stays in the form and keeps the
// values; without scripts it is what people use. Follows the ARIA combobox pattern with a list box.
const OPTIONS_SHOWN = 50
let made = 0

const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  node.append(...children)
  return node
}
const cross = () => {
  const NS = "http://www.w3.org/2000/svg"
  const svg = document.createElementNS(NS, "svg")
  const path = document.createElementNS(NS, "path")
  svg.setAttribute("class", "icon")
  svg.setAttribute("viewBox", "0 0 16 16")
  svg.setAttribute("aria-hidden", "true")
  path.setAttribute("d", "m4.25 4.25 7.5 7.5M11.75 4.25l-7.5 7.5")
  svg.append(path)
  return svg
}

function nameOf(select) {
  return select.labels?.[0]?.textContent.replace("*", "").trim() || select.getAttribute("aria-label") || "Values"
}

// What nobody may change is only told: no box to type in, nothing to take away.
function lock(select) {
  const chips = [...select.selectedOptions].map(option => el("span", { class: "chip fixed" }, el("span", {}, option.label)))
  const box = el("div", { class: "chips locked", role: "group", "aria-label": nameOf(select) }, ...chips)
  select.before(box)
  box.append(select)
}

function enhance(select) {
  if (select.closest(".chips")) return
  if (select.matches(":disabled")) return lock(select)
  const id = `chips-${++made}`
  const name = nameOf(select)
  const input = el("input", {
    type: "text", role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": id, "aria-label": name, placeholder: select.dataset.placeholder ?? "Add",
  })
  for (const attribute of ["aria-describedby", "aria-invalid"]) {
    if (select.hasAttribute(attribute)) input.setAttribute(attribute, select.getAttribute(attribute))
  }
  const list = el("div", { id, role: "listbox", "aria-label": name, class: "options", hidden: "" })
  const box = el("div", { class: "chips" })
  select.before(box)
  box.append(input, select, list)
  if (select.id) {
    input.id = `${select.id}_input`
    for (const label of select.labels) label.htmlFor = input.id
  }
  let active = -1

  const changed = () => {
    select.dispatchEvent(new Event("input", { bubbles: true }))
    select.dispatchEvent(new Event("change", { bubbles: true }))
  }
  const drop = option => { option.selected = false; draw(); changed(); input.focus() }
  function draw() {
    for (const chip of box.querySelectorAll(".chip")) chip.remove()
    for (const option of select.selectedOptions) {
      const remove = el("button", { type: "button", "aria-label": `Remove ${option.label}` }, cross())
      remove.addEventListener("click", () => drop(option))
      const chip = el("span", { class: "hidden" in option.dataset ? "chip gone" : "chip" }, el("span", {}, option.label), remove)
      input.before(chip)
    }
  }
  function close() { list.hidden = true; active = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant") }
  function show() {
    const typed = input.value.trim().toLowerCase()
    const free = [...select.options].filter(o => !o.selected && !o.disabled && o.label.toLowerCase().includes(typed))
    const shown = free.slice(0, OPTIONS_SHOWN).map((option, index) => {
      const row = el("div", { role: "option", id: `${id}-${index}`, "aria-selected": "false" }, option.label)
      row.addEventListener("pointerdown", event => { event.preventDefault(); pick(option) })
      row.option = option
      return row
    })
    if (free.length > OPTIONS_SHOWN) shown.push(el("div", { class: "none" }, `${free.length - OPTIONS_SHOWN} more: type to find them`))
    list.replaceChildren(...(shown.length ? shown : [el("div", { class: "none" }, typed ? "Nothing is called that" : "All are chosen")]))
    list.hidden = false
    input.setAttribute("aria-expanded", "true")
    mark(typed ? 0 : -1)
  }
  function mark(index) {
    const rows = [...list.querySelectorAll('[role="option"]')]
    active = rows.length ? Math.max(-1, Math.min(index, rows.length - 1)) : -1
    rows.forEach((row, i) => row.setAttribute("aria-selected", String(i === active)))
    if (active < 0) return input.removeAttribute("aria-activedescendant")
    input.setAttribute("aria-activedescendant", rows[active].id)
    rows[active].scrollIntoView({ block: "nearest" })
  }
  function pick(option) { option.selected = true; input.value = ""; draw(); changed(); show() }

  input.addEventListener("input", event => { event.stopPropagation(); show() })
  input.addEventListener("change", event => event.stopPropagation())
  input.addEventListener("focus", show)
  input.addEventListener("click", show)
  input.addEventListener("blur", () => { input.value = ""; close() })
  input.addEventListener("keydown", event => {
    if (event.key === "ArrowDown") { event.preventDefault(); list.hidden ? show() : mark(active + 1) }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark(active - 1) }
    else if (event.key === "Enter") {
      event.preventDefault()
      const row = list.querySelector('[aria-selected="true"]')
      if (row) pick(row.option)
    }
    else if (event.key === "Escape" && !list.hidden) { event.stopPropagation(); event.preventDefault(); close() }
    else if (event.key === "Backspace" && !input.value && select.selectedOptions.length) drop([...select.selectedOptions].at(-1))
  })
  box.addEventListener("pointerdown", event => { if (event.target === box) { event.preventDefault(); input.focus() } })
  select.form?.addEventListener("reset", () => setTimeout(draw))
  draw()
}

function enhanceAll() {
  for (const select of document.querySelectorAll("select[multiple][data-chips]")) enhance(select)
}
enhanceAll()

// A swap may bring new ones, and a morph turns finished boxes back into the server's selects: who was typing in
// one goes on typing.
let typing = null
document.addEventListener("htmx:before:swap", () => {
  const select = document.activeElement?.closest(".chips")?.querySelector("select")
  typing = select ? { name: select.name, text: document.activeElement.value } : null
})
document.addEventListener("htmx:after:swap", () => {
  enhanceAll()
  if (!typing || document.activeElement !== document.body) return
  const input = document.querySelector(`select[name="${CSS.escape(typing.name)}"]`)?.closest(".chips")?.querySelector("input")
  if (!input) return
  input.value = typing.text
  input.focus()
})
