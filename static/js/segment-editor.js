// The builder works without this. With it the page shows at once what a change does, and the keyboard keeps its place.
const byId = id => document.getElementById(id)
const form = () => byId("segment-form")
const isForm = event => (event.detail.ctx?.target ?? event.target)?.id === "segment-form"

// ── Counts stand in their rows ──
function counts() {
  for (const output of document.querySelectorAll("#builder output")) {
    output.textContent = ""
    output.removeAttribute("aria-label")
  }
  for (const data of document.querySelectorAll("[data-count-for]")) {
    const output = byId(`${data.dataset.countFor}-count`)
    if (!output) continue
    output.textContent = data.value
    output.setAttribute("aria-label", `${data.value} match`)
  }
}

// ── What one types is previewed; what has a request of its own brings the preview along ──
const TYPING = 250
let waiting = 0
function typed(event) {
  if (event.target.form !== form() || event.target.hasAttribute("hx-post")) return
  clearTimeout(waiting)
  waiting = setTimeout(() => form()?.dispatchEvent(new Event("preview")), TYPING)
}
document.addEventListener("input", typed)
document.addEventListener("change", typed)
document.addEventListener("htmx:before:request", event => {
  if ((event.detail.ctx?.target ?? event.target)?.id === "segment-form") clearTimeout(waiting)
})

// ── A new form says what stands in its fields: a morph leaves what somebody typed in a field that is another now ──
function settle() {
  for (const field of form().elements) {
    if (field === document.activeElement || field.closest(".chips")) continue
    if (field.type === "checkbox" || field.type === "radio") field.checked = field.defaultChecked
    else if (field.tagName === "SELECT") {
      for (const option of field.options) if (option.selected !== option.defaultSelected) option.selected = option.defaultSelected
      if (!field.multiple && field.selectedIndex < 0) field.selectedIndex = 0
    } else if ("defaultValue" in field && field.value !== field.defaultValue) field.value = field.defaultValue
  }
}

// ── The keyboard's place ──
let place = "" // the id of what had it before a swap
let wanted = null // a row to whose value it goes on
const FIELDS = "input:not([type=hidden]), select, textarea, button"
const shown = element => element.checkVisibility?.() ?? element.offsetParent !== null
function placeKeyboard() {
  const row = wanted && byId(wanted)
  wanted = null
  const value = row && [...row.querySelectorAll(`.value :is(${FIELDS})`)].find(shown)
  if (value) return value.focus()
  const said = [...document.querySelectorAll("#builder [data-focus]")].find(shown)
  if (said) {
    said.focus()
    said.scrollIntoView({ block: "nearest" })
    if ("empty" in said.dataset) said.dispatchEvent(new Event("pick", { bubbles: true }))
    return
  }
  if (document.activeElement !== document.body) return
  const before = place && byId(place)
  if (before) before.focus()
  else if (place === "" && byId("builder")) document.querySelector("#builder button[value^='add:']")?.focus()
}
document.addEventListener("builder:focus", event => { wanted = event.detail })

document.addEventListener("htmx:before:swap", event => {
  if (isForm(event)) place = document.activeElement?.id ?? ""
})
document.addEventListener("htmx:after:swap", event => { if (isForm(event)) settle() }, true)
document.addEventListener("htmx:after:swap", event => {
  counts()
  if (isForm(event)) placeKeyboard()
})

// Choosing another kind or level changes what can be asked: the form comes back as a whole.
document.addEventListener("change", event => {
  if (!event.target.matches("#segment-form input[type=radio][name=kind], #segment-form input[type=radio][name=level]")) return
  event.target.form.querySelector("button[value=refresh]")?.click()
})
counts()
// Why it was not saved is read first.
document.querySelector("#segment-form .banner[data-focus]")?.focus()
